import Foundation
import MemoryAccess
import RingBuffers
import Testing

/// Where a ring announces an access to a slot, this touches the slot with a plain access of a concrete type, which
/// ThreadSanitizer sees: it does not see those that unspecialised generic code makes through value witnesses.
protocol TouchingMemory: MemoryModel {}

extension TouchingMemory {
    static func loadRelaxed(_ word: SharedWord) -> UInt64 { NativeMemory.loadRelaxed(word) }
    static func loadAcquire(_ word: SharedWord) -> UInt64 { NativeMemory.loadAcquire(word) }
    static func storeRelaxed(_ value: UInt64, to word: SharedWord) { NativeMemory.storeRelaxed(value, to: word) }
    static func fetchAdd(_ value: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        NativeMemory.fetchAdd(value, to: word)
    }
    static func fetchOr(_ bits: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        NativeMemory.fetchOr(bits, to: word)
    }
    static func fence() { NativeMemory.fence() }
    static func willRead(_ cell: UnsafeRawPointer, byteCount: Int) {
        withExtendedLifetime(cell.assumingMemoryBound(to: UInt8.self).pointee) {}
    }
    static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int) {
        UnsafeMutableRawPointer(mutating: cell).assumingMemoryBound(to: UInt8.self).pointee = 0
    }
    static func pause() { NativeMemory.pause() }
}

/// The orders that ship.
enum StrictMemory: TouchingMemory {
    static func storeRelease(_ value: UInt64, to word: SharedWord) { NativeMemory.storeRelease(value, to: word) }
}

/// Every releasing store declared relaxed: on x86-64 the same instructions, under the memory model a race on every slot.
enum WeakenedMemory: TouchingMemory {
    static func storeRelease(_ value: UInt64, to word: SharedWord) { NativeMemory.storeRelaxed(value, to: word) }
}

/// The test of the test: under ThreadSanitizer the strict ring must be silent and the weakened one must be reported.
/// `scripts/sanitize` runs both and expects just that.
@Suite("Weakened orders", .serialized)
struct WeakenedOrderTests {
    @Test func sanitizerReportsTheOrdersThatShip() { stream(through: StrictMemory.self) }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["RING_WEAKENED_ORDERS"] != nil))
    func sanitizerMissesARelaxedTail() { stream(through: WeakenedMemory.self) }

    private func stream<Memory: MemoryModel>(through _: Memory.Type) {
        let (_, sum) = GenericSPSCRing<Int32, Memory>(minimumCapacity: 64).run { producer in
            for element in 1...20_000 as ClosedRange<Int32> { while !producer.push(element) { yieldProcessor() } }
        } consuming: { consumer in
            var sum = 0
            while !consumer.isFinished {
                if let element = consumer.pop() { sum += Int(element) } else { yieldProcessor() }
            }
            return sum
        }
        #expect(sum == 20_000 * 20_001 / 2)
    }
}
