import Foundation
import RingBuffers
import Testing

/// SplitMix64 (Steele, Lea, Flood 2014): seeded, so that a failure can be run again.
struct RingTestRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Carries a noncopyable half into another thread's closure, once.
final class RingTestParcel<Content: ~Copyable>: @unchecked Sendable {
    private var content: Content?
    init(_ content: consuming Content) { self.content = consume content }
    func open() -> Content { content.take()! }
}

/// Runs each body on a thread of its own and returns when all have returned.
func onThreads(_ bodies: (@Sendable () -> Void)...) {
    let group = DispatchGroup()
    for body in bodies {
        group.enter()
        Thread.detachNewThread {
            body()
            group.leave()
        }
    }
    group.wait()
}

/// Record number `index` of a run: length and bytes follow from the number, so a reader knows what to expect.
struct ExpectedRecord {
    let index: UInt64
    let byteCount: Int

    init(_ index: UInt64, maximum: Int) {
        var random = RingTestRandom(state: index)
        self.index = index
        byteCount = Int(random.next() % UInt64(maximum + 1))
    }

    var bytes: [UInt8] { (0..<byteCount).map { UInt8(truncatingIfNeeded: index &* 31 &+ UInt64($0) &* 7 &+ 1) } }
}

extension RawSpan {
    var array: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

extension ByteRing.Producer {
    /// As `push`, for tests that push literals.
    mutating func push(array: [UInt8]) throws -> Bool { try array.withUnsafeBytes { try push($0) } }
}

extension ByteRing.Consumer {
    mutating func popArray() -> [UInt8]? { pop { $0.array } }
}

/// Start positions that put the wraps at 2^32 and 2^64 a few records into a run.
let seededStarts: [UInt64] = [0, 8, 1 << 32 - 48, 0 &- 8, 0 &- 48, 0 &- 4096]

/// `#expect` takes its expression apart, which noncopyable values do not survive.
func expect(
    _ condition: Bool, _ comment: @autoclosure () -> Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(condition, comment(), sourceLocation: sourceLocation)
}
