public import CPlatform
public import Synchronization

/// The address of one shared 64-bit word.
public typealias SharedWord = UnsafeMutablePointer<Atomic<UInt64>>

/// What the algorithms of this package ask of memory: shared words with a stated order, and notice of every access to a plain cell.
///
/// Rings and pages are generic over this protocol so that the source that ships can also run on a modelled memory, one that
/// keeps every word's store history and reports a plain access that no release/acquire pair orders. ``NativeMemory``
/// is the real thing: each requirement is one instruction or none.
///
/// An algorithm calls `willWrite` or `willRead` before it touches plain memory that the other side may touch.
public protocol MemoryModel: Sendable {
    static func loadRelaxed(_ word: SharedWord) -> UInt64
    static func loadAcquire(_ word: SharedWord) -> UInt64
    /// The value of a word that no other thread writes, whoever may read it. No atomic load: so it may be the operand of
    /// another instruction. Not moved across a ``signalFence()``.
    static func loadOwn(_ word: SharedWord) -> UInt64

    static func storeRelaxed(_ value: UInt64, to word: SharedWord)
    static func storeRelease(_ value: UInt64, to word: SharedWord)

    /// Adds, and returns the old value.
    static func fetchAdd(_ value: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64

    /// Sets bits, and returns the old value.
    static func fetchOr(_ bits: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64

    /// Replaces `expected` by `desired` and returns true, or returns false. Where it fails it releases nothing.
    static func compareExchange(
        _ expected: UInt64, with desired: UInt64, in word: SharedWord, order: ModificationOrder
    ) -> Bool

    /// Orders earlier stores before later loads (sequentially consistent fence).
    static func fence()

    /// Orders what comes before it before later stores, as seen by a reader that loads (acquire) what those stored.
    static func releaseFence()

    /// Orders what comes before it against what comes after it, as seen by a signal handler on this thread.
    static func signalFence()

    /// Makes the two fences below ready. Comes before their first use, once or often.
    static func prepareFences()

    /// Orders earlier stores before later loads against a ``heavyFence()`` of another thread, not against another light
    /// one. For the side that runs often: no instruction where the system lets the other side do the work.
    static func lightFence()

    /// Orders earlier stores before later loads, on this thread, and against every ``lightFence()`` of another. For the
    /// side that runs rarely: microseconds.
    static func heavyFence()

    /// Sleeps while `word` equals `value`, at most `nanoseconds` (0: without limit). Also returns for no reason: the caller
    /// looks again at what it waits for.
    static func sleep(on word: SharedWord, while value: UInt32, nanoseconds: UInt64)

    /// Wakes the thread that sleeps on `word`.
    static func wake(_ word: SharedWord)

    /// Wakes all threads that sleep on `word`.
    static func wakeAll(_ word: SharedWord)

    /// Resumes a task that waits.
    static func resume(_ continuation: UnsafeContinuation<Void, Never>)

    static func willRead(_ cell: UnsafeRawPointer, byteCount: Int)
    static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int)

    /// The memory is about to be given back: nobody may use it any more.
    static func willFree(_ address: UnsafeRawPointer, byteCount: Int)

    /// How often a waiting half looks before it sleeps, where it wants to look so often.
    static func looks(_ wanted: UInt32) -> UInt32

    /// A spin loop waits for another thread: a modelled memory lets that thread run.
    static func pause()

    /// The line at `address` will be read soon.
    static func prefetchForReading(_ address: UnsafeRawPointer)

    /// The line at `address` will be written soon.
    static func prefetchForWriting(_ address: UnsafeRawPointer)

    /// This thread has done with the line at `address`, and another one will write it.
    static func evict(_ address: UnsafeRawPointer)

    /// When `evict` pays behind the consumer of a ring of so many bytes. Asked once a ring.
    static func eviction(ringByteCount: Int) -> Eviction

    /// Whether the line of `word`, which another thread wrote, came from far away: from another core complex or socket. A
    /// guess by the time that it takes to arrive; false for a line that is here already.
    static func comesFromFar(_ word: SharedWord) -> Bool
}

/// What a read-modify-write orders.
@frozen
public enum ModificationOrder: Sendable {
    case relaxed, acquiring, releasing, acquiringAndReleasing

    @inlinable public var acquires: Bool { self == .acquiring || self == .acquiringAndReleasing }
    @inlinable public var releases: Bool { self == .releasing || self == .acquiringAndReleasing }
}

/// When a streaming consumer evicts the lines that it has read.
@frozen
public enum Eviction: Sendable {
    case never
    case always
    /// While the producer's lines come from far.
    case far
}

// Where nothing is said: acquires and releases.
extension MemoryModel {
    @inlinable @inline(__always)
    public static func fetchAdd(_ value: UInt64, to word: SharedWord) -> UInt64 {
        fetchAdd(value, to: word, order: .acquiringAndReleasing)
    }

    @inlinable @inline(__always)
    public static func fetchOr(_ bits: UInt64, to word: SharedWord) -> UInt64 {
        fetchOr(bits, to: word, order: .acquiringAndReleasing)
    }

    @inlinable @inline(__always)
    public static func compareExchange(_ expected: UInt64, with desired: UInt64, in word: SharedWord) -> Bool {
        compareExchange(expected, with: desired, in: word, order: .acquiringAndReleasing)
    }
}

// What is only a hint does nothing unless a memory says otherwise.
extension MemoryModel {
    @inlinable @inline(__always) public static func prefetchForReading(_ address: UnsafeRawPointer) {}
    @inlinable @inline(__always) public static func prefetchForWriting(_ address: UnsafeRawPointer) {}
    @inlinable @inline(__always) public static func evict(_ address: UnsafeRawPointer) {}
    @inlinable @inline(__always) public static func eviction(ringByteCount: Int) -> Eviction { .never }
    @inlinable @inline(__always) public static func comesFromFar(_ word: SharedWord) -> Bool { false }
    @inlinable @inline(__always) public static func willFree(_ address: UnsafeRawPointer, byteCount: Int) {}
    @inlinable @inline(__always) public static func looks(_ wanted: UInt32) -> UInt32 { wanted }
}

extension MemoryModel {
    /// Nothing: for a model in which nobody reads without a pin.
    @inlinable @inline(__always)
    public static func releaseFence() {}

    @inlinable @inline(__always)
    public static func loadOwn(_ word: SharedWord) -> UInt64 { loadRelaxed(word) }
}

/// The machine's own waiting, for a model that does not watch it: with two equal fences, which is always correct.
extension MemoryModel {
    @inlinable @inline(__always)
    public static func compareExchange(
        _ expected: UInt64, with desired: UInt64, in word: SharedWord, order: ModificationOrder
    ) -> Bool {
        switch order {
        case .relaxed: word.pointee.compareExchange(expected: expected, desired: desired, ordering: .relaxed).exchanged
        case .acquiring:
            word.pointee.compareExchange(expected: expected, desired: desired, ordering: .acquiring).exchanged
        case .releasing:
            word.pointee.compareExchange(
                expected: expected, desired: desired, successOrdering: .releasing, failureOrdering: .relaxed
            ).exchanged
        case .acquiringAndReleasing:
            word.pointee.compareExchange(
                expected: expected, desired: desired, ordering: .acquiringAndReleasing
            ).exchanged
        }
    }

    @inlinable @inline(__always)
    public static func signalFence() { cplatform_signal_fence() }

    @inlinable @inline(__always)
    public static func prepareFences() {}

    @inlinable @inline(__always)
    public static func lightFence() { fence() }

    @inlinable @inline(__always)
    public static func heavyFence() { fence() }

    @inlinable
    public static func sleep(on word: SharedWord, while value: UInt32, nanoseconds: UInt64) {
        cplatform_wait(lowHalf(word), value, nanoseconds)
    }

    @inlinable
    public static func wakeAll(_ word: SharedWord) { cplatform_wake(lowHalf(word), UInt32(Int32.max)) }

    @inlinable
    public static func resume(_ continuation: UnsafeContinuation<Void, Never>) { continuation.resume() }

    @inlinable
    public static func wake(_ word: SharedWord) { cplatform_wake(lowHalf(word), 1) }

    /// A futex is 32 bits wide.
    @inlinable
    static func lowHalf(_ word: SharedWord) -> UnsafePointer<UInt32> {
        // SAFETY: the kernel reads 4 aligned bytes of the 8 that the word has.
        let bytes = UnsafeRawPointer(word) + (1.littleEndian == 1 ? 0 : 4)
        return bytes.assumingMemoryBound(to: UInt32.self)
    }
}
