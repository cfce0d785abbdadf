public import Synchronization

/// The address of one shared 64-bit word.
public typealias SharedWord = UnsafeMutablePointer<Atomic<UInt64>>

/// What the rings ask of memory: shared words with a stated order, and notice of every access to a plain cell.
///
/// The rings are generic over this protocol so that the source that ships can also run on a modelled memory, one that
/// keeps every word's store history and reports a plain access that no release/acquire pair orders. ``NativeMemory``
/// is the real thing: each requirement is one instruction or none.
///
/// An algorithm calls `willWrite` or `willRead` before it touches plain memory that the other side may touch.
public protocol MemoryModel: Sendable {
    static func loadRelaxed(_ word: SharedWord) -> UInt64
    static func loadAcquire(_ word: SharedWord) -> UInt64
    static func storeRelaxed(_ value: UInt64, to word: SharedWord)
    static func storeRelease(_ value: UInt64, to word: SharedWord)

    /// Adds, and returns the old value; acquires and releases.
    static func fetchAdd(_ value: UInt64, to word: SharedWord) -> UInt64

    /// Sets bits, and returns the old value; acquires and releases.
    static func fetchOr(_ bits: UInt64, to word: SharedWord) -> UInt64

    /// Orders earlier stores before later loads (sequentially consistent fence).
    static func fence()

    static func willRead(_ cell: UnsafeRawPointer, byteCount: Int)
    static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int)

    /// A spin loop waits for another thread: a modelled memory lets that thread run.
    static func pause()

    /// The line at `address` will be read soon.
    static func prefetchForReading(_ address: UnsafeRawPointer)

    /// The line at `address` will be written soon.
    static func prefetchForWriting(_ address: UnsafeRawPointer)

    /// This thread has done with the line at `address`, and another one will write it.
    static func evict(_ address: UnsafeRawPointer)

    /// Whether `evict` pays behind the consumer of a ring of so many bytes. Asked once a ring.
    static func evicts(ringByteCount: Int) -> Bool
}

// What is only a hint does nothing unless a memory says otherwise.
extension MemoryModel {
    @inlinable @inline(__always) public static func prefetchForReading(_ address: UnsafeRawPointer) {}
    @inlinable @inline(__always) public static func prefetchForWriting(_ address: UnsafeRawPointer) {}
    @inlinable @inline(__always) public static func evict(_ address: UnsafeRawPointer) {}
    @inlinable @inline(__always) public static func evicts(ringByteCount: Int) -> Bool { false }
}
