public import MemoryAccess
public import Synchronization

/// One cache line through which one thread calls another: a request goes over, a reply comes back, one at a time.
///
///     let line = CallLine<UInt64, UInt64>()
///     var caller = line.caller            // each half to its own thread, held there as a local variable
///     var responder = line.responder
///
/// A hand-over through a ring moves a line in each direction, because a ring's two sides write lines of their own: two
/// rings take twice the time of the line's way there and back. Here both write the same line, and the round trip costs
/// that way. For one call at a time; for more on their way, take two rings.
public typealias CallLine<Request: BitwiseCopyable & Sendable, Reply: BitwiseCopyable & Sendable> =
    GenericCallLine<Request, Reply, NativeMemory>

// Layout
//
//     byte    0   asked      how many requests were made      written by the caller
//     byte    8   request    of the last one, 24 bytes        likewise
//     byte   32   answered   how many replies were given      written by the responder
//     byte   40   reply      the last one, 24 bytes           likewise
//     byte  128   closed     bit 0: caller gone, bit 1: responder gone
//
// Invariants
//   1. A request is written before the store (release) of `asked` that counts it, and read after a load (acquire) of
//      `asked` that does; so is a reply, with `answered`. Otherwise, what is read may not be there yet.
//   2. Request n + 1 is written after the load (acquire) of `answered` = n, which the responder stored (release) after it
//      had read request n; reply n + 1 after the load (acquire) of `asked` = n + 1, which the caller stored (release) after it
//      had read reply n. Otherwise, one overwrites what the other is reading.
//   3. asked - answered is 0 or 1. Both count from 0, modulo 2^64, and are compared by equality only.
@frozen
public struct GenericCallLine<
    Request: BitwiseCopyable & Sendable, Reply: BitwiseCopyable & Sendable, Memory: MemoryModel
>: ~Copyable {
    /// Makes requests: move it to the calling thread.
    public var caller: Caller

    /// Answers them: move it to the other thread.
    public var responder: Responder

    /// - Precondition: a request and a reply take at most 24 bytes each, and are aligned to 8 or less.
    @inlinable
    public init() { self.init(startingAt: 0) }

    /// Counts from `start`: tests seed it near 2^64.
    @inlinable
    package init(startingAt start: UInt64) {
        precondition(
            MemoryLayout<Request>.size <= 24 && MemoryLayout<Request>.alignment <= 8,
            "a request has \(MemoryLayout<Request>.size) bytes, a call line holds 24 aligned to 8")
        precondition(
            MemoryLayout<Reply>.size <= 24 && MemoryLayout<Reply>.alignment <= 8,
            "a reply has \(MemoryLayout<Reply>.size) bytes, a call line holds 24 aligned to 8")
        let words = CallWords<Memory>(startingAt: start)
        caller = Caller(words, start)
        responder = Responder(words, start)
    }
}

/// The words of a call line.
@frozen
@usableFromInline
struct CallWords<Memory: MemoryModel>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutableRawPointer

    @usableFromInline static var callerGone: UInt64 { 1 }
    @usableFromInline static var responderGone: UInt64 { 2 }
    @usableFromInline static var byteCount: Int { 256 }

    @inlinable
    init(startingAt start: UInt64) {
        // Alone on its line and on the adjacent one.
        base = .allocate(byteCount: Self.byteCount, alignment: 128)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: Self.byteCount)
        for (offset, value) in [(0, start), (32, start), (128, 0)] {
            (base + offset).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(value))
        }
    }

    // SAFETY: these words were bound and initialised above, before either half saw them.
    @inlinable @inline(__always) var asked: SharedWord { base.assumingMemoryBound(to: Atomic<UInt64>.self) }
    @inlinable @inline(__always) var answered: SharedWord { (base + 32).assumingMemoryBound(to: Atomic<UInt64>.self) }
    @inlinable @inline(__always) var closed: SharedWord { (base + 128).assumingMemoryBound(to: Atomic<UInt64>.self) }

    /// Writes a value behind `word`, and then tells of it.
    @inlinable @inline(__always)
    func put<Value: BitwiseCopyable>(_ value: Value, behind word: SharedWord, count: UInt64) {
        let place = UnsafeMutableRawPointer(word) + 8
        Memory.willWrite(place, byteCount: MemoryLayout<Value>.size)
        place.storeBytes(of: value, as: Value.self)
        // Pairs with the acquire of `take` (invariant 1).
        Memory.storeRelease(count, to: word)
    }

    /// The value behind `word`, if it was told of.
    @inlinable @inline(__always)
    func take<Value: BitwiseCopyable>(behind word: SharedWord, count: UInt64) -> Value? {
        guard Memory.loadAcquire(word) == count else { return nil }
        let place = UnsafeMutableRawPointer(word) + 8
        Memory.willRead(place, byteCount: MemoryLayout<Value>.size)
        return place.load(as: Value.self)
    }

    @inlinable
    func isGone(_ half: UInt64) -> Bool { Memory.loadAcquire(closed) & half != 0 }

    /// Marks one half as gone; the second to come frees the memory.
    @inlinable
    func close(_ half: UInt64) {
        guard Memory.fetchOr(half, to: closed) != 0 else { return }
        Memory.willFree(base, byteCount: Self.byteCount)
        base.deallocate()
    }
}
