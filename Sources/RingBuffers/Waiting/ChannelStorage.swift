public import MemoryAccess
public import Synchronization

/// The words that a channel adds to its ring. Both halves hold it, so that the one that leaves last can still be woken.
///
///     byte    0   receiver's bell       set by the receiver, read by the sender after every push
///     byte   16   its continuation      written by the receiver before it sets the bell
///     byte  128   sender's bell         set by the sender, read by the receiver after every pop
///     byte  144   its continuation      written by the sender before it sets the bell
///     byte  256   taken                 index one past the last element taken, written by the receiver
///
/// The bells are rarely written, so each stays shared in both cores; `taken` is rarely read, so it stays with its writer.
@usableFromInline
final class ChannelStorage<Memory: MemoryModel>: Sendable {
    @usableFromInline let words: ChannelWords<Memory>

    @inlinable
    init(startingAt index: UInt64) {
        let base = UnsafeMutableRawPointer.allocate(byteCount: 3 * 128, alignment: 128)
        words = ChannelWords(base: base)
        for (offset, value) in [(0, 0), (128, 0), (256, index)] {
            (base + offset).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(value))
        }
        for bell in [words.receiverBell, words.senderBell] {
            UnsafeMutableRawPointer(bell.continuation)
                .bindMemory(to: UnsafeContinuation<Void, Never>?.self, capacity: 1).initialize(to: nil)
        }
    }

    @inlinable
    deinit { words.base.deallocate() }
}

/// Where the words of a ``ChannelStorage`` lie.
@frozen @usableFromInline
struct ChannelWords<Memory: MemoryModel>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutableRawPointer

    @inlinable @inline(__always)
    init(base: UnsafeMutableRawPointer) { self.base = base }

    @inlinable @inline(__always) var receiverBell: ChannelBell<Memory> { ChannelBell(base: base) }
    @inlinable @inline(__always) var senderBell: ChannelBell<Memory> { ChannelBell(base: base + 128) }

    // SAFETY: `base` is 128-byte aligned, and its words were bound and initialised by the storage.
    @inlinable @inline(__always) var taken: SharedWord { (base + 256).assumingMemoryBound(to: Atomic<UInt64>.self) }
}

/// Where one half of a channel waits, and the other wakes it. The values are explained in SPSCChannel.swift.
@frozen @usableFromInline
struct ChannelBell<Memory: MemoryModel>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutableRawPointer

    @usableFromInline static var silent: UInt64 { 0 }
    @usableFromInline static var threadSleeps: UInt64 { 1 }
    @usableFromInline static var taskIsSuspended: UInt64 { 2 }
    @usableFromInline static var ownerIsGone: UInt64 { 4 }

    @inlinable @inline(__always)
    init(base: UnsafeMutableRawPointer) { self.base = base }

    // SAFETY: as for `ChannelWords`.
    @inlinable @inline(__always) var word: SharedWord { base.assumingMemoryBound(to: Atomic<UInt64>.self) }
    @inlinable @inline(__always) var continuation: UnsafeMutablePointer<UnsafeContinuation<Void, Never>?> {
        (base + 16).assumingMemoryBound(to: UnsafeContinuation<Void, Never>?.self)
    }

    /// True once the owner is gone. Acquires its last progress (invariant 8).
    @inlinable @inline(__always)
    var isOwnerGone: Bool { Memory.loadAcquire(word) == Self.ownerIsGone }

    /// Wakes the owner if it waits: what the other half does after each progress (invariant 1).
    @inlinable @inline(__always)
    func ringIfAwaited() {
        // Orders the progress before the load, against the heavy fence of a half about to sleep.
        Memory.lightFence()
        let seen = Memory.loadRelaxed(word)
        if seen != Self.silent && seen != Self.ownerIsGone { ring() }
    }

    @inlinable @inline(never)
    func ring() {
        // One failed exchange is enough: whoever changed the bell has looked, or will look, at the progress after that.
        switch Memory.loadRelaxed(word) {
        case Self.threadSleeps:
            if Memory.compareExchange(Self.threadSleeps, with: Self.silent, in: word, order: .relaxed) {
                Memory.wake(word)
            }
        case Self.taskIsSuspended:
            resume()
        default: break
        }
    }

    /// Resumes the owner's task, unless another has done so (invariant 5).
    @inlinable
    func resume() {
        // Acquires the continuation (invariant 6).
        guard Memory.compareExchange(Self.taskIsSuspended, with: Self.silent, in: word, order: .acquiring) else {
            return
        }
        Memory.willRead(continuation, byteCount: 8)
        let waiting = continuation.pointee!
        // From here on the owner may suspend again, and write the continuation.
        Memory.resume(waiting)
    }

    /// The owner goes: `peer`, if it waits, looks again (invariant 8).
    @inlinable @inline(never)
    func leave(waking peer: ChannelBell) {
        Memory.storeRelease(Self.ownerIsGone, to: word)
        Memory.fence()
        peer.ring()
    }
}
