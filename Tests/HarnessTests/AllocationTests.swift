import Foundation
import Testing

@testable import Harness

/// Serialized, and alone with itself only if it is filtered for: the counter is the process's. The tests therefore take
/// the least of several attempts, which another test's allocations can only raise.
@Suite(
    .serialized,
    .enabled(if: AllocationCounter.shared != nil, "needs jemalloc: run with LD_PRELOAD=libjemalloc.so.2"))
struct AllocationTests {
    private let pair = ThreadPair()

    /// The least of several attempts.
    static func leastAllocations(on pair: ThreadPair, _ body: (inout SampleContext) throws -> Void) throws -> UInt64 {
        let counter = try #require(AllocationCounter.shared)
        var least = UInt64.max
        for _ in 0..<20 {
            var context = SampleContext(seed: 1, unit: .nanosecondsPerOperation, pair: pair, counter: counter)
            try body(&context)
            least = min(least, context.allocations)
        }
        return least
    }

    private func allocations(operations: Int, _ body: (inout SampleContext) throws -> Void) throws -> Double {
        let least = try Self.leastAllocations(on: pair) { context in
            try body(&context)
            #expect(context.countedOperations == operations)
        }
        return Double(least)
    }

    @Test(arguments: [0, 1, 1000, 100_000], [16, 100, 20_000, 200_000])
    func theCountIsOff(by number: Int, bytes: Int) throws {
        guard number * bytes < 1 << 28 else { return }
        let pointers = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: max(number, 1))
        defer { pointers.deallocate() }
        let counted = try allocations(operations: number) { context in
            _ = context.time(operations: number) {
                for index in 0..<number { pointers[index] = malloc(bytes) }
            }
            for index in 0..<number { free(pointers[index]) }
        }
        #expect(counted == Double(number))
    }

    @Test func theHelperThreadIsNotSeen() throws {
        let counted = try allocations(operations: 500) { context in
            _ = try context.race(
                operations: 500,
                producer: { for _ in 0..<500 { Self.allocateAndFree() } },
                consumer: { for _ in 0..<500 { Self.allocateAndFree() } })
        }
        #expect(counted == 1000)
    }

    /// An optimiser removes a pair of which nobody sees the address.
    private static func allocateAndFree() {
        let pointer = malloc(64)
        consume(Int(bitPattern: pointer))
        free(pointer)
    }

    @Test func setUpIsCountedAsWork() throws {
        let counted = try allocations(operations: 10) { context in
            var arrays = (0..<100).map { [Int](repeating: $0, count: 10) }
            _ = context.time(operations: 10) { for index in 0..<10 { arrays[0][index] = index } }
            consume(arrays[0][9])
        }
        #expect(counted == 0)
    }
}
