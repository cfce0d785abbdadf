import MemoryAccess
import ProcessSupport
import Synchronization

/// Where writers acknowledge: memory that the child shares with its parent, so that an acknowledgement is there as soon as it is
/// made. A pipe would make each emit wait for a system call, and kills would rarely find one under way.
struct Board: @unchecked Sendable {
    private let words: SharedWord
    static var writers: Int { 64 }
    /// Sequences of a writer whose hand is remembered: the latest.
    static var remembered: Int { 4096 }
    private static var wordCount: Int { 8 + writers * (2 + remembered) }

    init() {
        let base = process_support_shared(Self.wordCount * 8)!
        words = base.bindMemory(to: Atomic<UInt64>.self, capacity: Self.wordCount)
    }

    func clear() {
        for word in 0..<8 + Self.writers * 2 { NativeMemory.storeRelaxed(0, to: words + word) }
    }

    /// How far the child came: 1 as soon as it records, 2 at its end.
    var stage: UInt64 {
        get { NativeMemory.loadAcquire(words) }
        nonmutating set { NativeMemory.storeRelease(newValue, to: words) }
    }

    /// Operations on memory of a child that came through.
    var operations: UInt64 {
        get { NativeMemory.loadAcquire(words + 1) }
        nonmutating set { NativeMemory.storeRelease(newValue, to: words + 1) }
    }

    /// Records of a writer whose emit has begun.
    func begun(_ writer: Int) -> UInt64 { NativeMemory.loadRelaxed(words + 8 + writer * 2) }
    /// Records of a writer whose emit has come back.
    func acknowledged(_ writer: Int) -> UInt64 { NativeMemory.loadAcquire(words + 9 + writer * 2) }

    func begin(_ writer: Int, _ sequence: UInt64) { NativeMemory.storeRelease(sequence, to: words + 8 + writer * 2) }

    /// - Parameter hand: the arena's, after the emit.
    func acknowledge(_ writer: Int, _ sequence: UInt64, hand: UInt64) {
        NativeMemory.storeRelaxed(hand, to: handWord(writer, sequence))
        NativeMemory.storeRelease(sequence, to: words + 9 + writer * 2)
    }

    func hand(_ writer: Int, _ sequence: UInt64) -> UInt64 { NativeMemory.loadRelaxed(handWord(writer, sequence)) }

    private func handWord(_ writer: Int, _ sequence: UInt64) -> SharedWord {
        words + 8 + Self.writers * 2 + writer * Self.remembered + Int(sequence % UInt64(Self.remembered))
    }
}

/// What a record carries: whose it is, which one, and a check of both.
enum Payload {
    static func word(_ writer: Int, _ sequence: UInt64) -> UInt64 { UInt64(writer + 1) << 40 | sequence }
    static func writer(_ word: UInt64) -> Int { Int(truncatingIfNeeded: word >> 40) - 1 }
    static func sequence(_ word: UInt64) -> UInt64 { word & 0xFF_FFFF_FFFF }

    static func text(_ word: UInt64) -> [UInt8] {
        [UInt8](repeating: UInt8(97 + word % 26), count: 200 + Int(word &* 7919 % 400))
    }
}

struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
