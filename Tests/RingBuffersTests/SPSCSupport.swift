import MemoryAccess
import RingBuffers
import Synchronization
import Testing

/// SplitMix64: the same operations for the same seed, on every machine.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// An element that carries a number, as much of it as fits.
protocol Tagged: ~Copyable, Sendable {
    init(tag: UInt64)
    var tag: UInt64 { get }
    /// What remains of a tag in an element.
    static func kept(_ tag: UInt64) -> UInt64
}

extension Tagged where Self: ~Copyable {
    static func kept(_ tag: UInt64) -> UInt64 { tag }
}

extension UInt64: Tagged {
    init(tag: UInt64) { self = tag }
    var tag: UInt64 { self }
}

extension UInt32: Tagged {
    init(tag: UInt64) { self.init(truncatingIfNeeded: tag) }
    var tag: UInt64 { UInt64(self) }
    static func kept(_ tag: UInt64) -> UInt64 { tag & 0xFFFF_FFFF }
}

extension UInt8: Tagged {
    init(tag: UInt64) { self.init(truncatingIfNeeded: tag) }
    var tag: UInt64 { UInt64(self) }
    static func kept(_ tag: UInt64) -> UInt64 { tag & 0xFF }
}

/// Two words that have to agree: a torn or stale copy shows.
struct Pair: Tagged {
    var low: UInt64
    var high: UInt64

    init(tag: UInt64) {
        low = tag
        high = ~tag
    }

    var tag: UInt64 { high == ~low ? low : .max }
}

struct CacheLine: Tagged {
    var words: InlineArray<8, UInt64>
    init(tag: UInt64) { words = InlineArray(repeating: tag) }
    var tag: UInt64 { words[0] == words[7] ? words[0] : .max }
}

struct Page: Tagged {
    var words: InlineArray<512, UInt64>
    init(tag: UInt64) { words = InlineArray(repeating: tag) }
    var tag: UInt64 { words[0] == words[511] ? words[0] : .max }
}

struct Nothing: Tagged {
    init(tag: UInt64) {}
    var tag: UInt64 { 0 }
    static func kept(_ tag: UInt64) -> UInt64 { 0 }
}

/// Counts what was made and what was destroyed.
final class Census: Sendable {
    let made = Atomic<Int>(0)
    let destroyed = Atomic<Int>(0)

    /// Made and not yet destroyed: a leak above 0, a double destruction below.
    var living: Int { made.load(ordering: .acquiring) - destroyed.load(ordering: .acquiring) }
}

/// A reference whose instances are counted, per test through the task-local census.
final class Token: Tagged {
    @TaskLocal static var census = Census()
    let tag: UInt64
    private let census: Census

    init(tag: UInt64, census: Census) {
        self.tag = tag
        self.census = census
        census.made.add(1, ordering: .relaxed)
    }

    convenience init(tag: UInt64) { self.init(tag: tag, census: Token.census) }

    deinit { census.destroyed.add(1, ordering: .releasing) }
}

/// A noncopyable element that counts its ends: to destroy it twice or never shows.
struct Unique: ~Copyable, Sendable {
    let tag: UInt64
    private let census: Census

    init(tag: UInt64, census: Census) {
        self.tag = tag
        self.census = census
        census.made.add(1, ordering: .relaxed)
    }

    deinit { census.destroyed.add(1, ordering: .releasing) }
}

/// Noncopyable, trivial but for its deinit, and one word long: looks like mail.
struct UniqueWord: ~Copyable, Sendable {
    static let ended = Atomic<Int>(0)
    let tag: UInt64
    init(tag: UInt64) { self.tag = tag }
    deinit { UniqueWord.ended.add(1, ordering: .relaxed) }
}

struct Refusal: Error {}

/// Spins a little, then leaves the core: with two cores and other suites beside, the peer may not be running.
struct Patience: ~Copyable {
    private var rounds = 0

    mutating func wait() {
        rounds += 1
        if rounds < 64 { NativeMemory.pause() } else { yieldProcessor() }
    }

    mutating func reset() { rounds = 0 }
}
