internal import CPlatform
internal import MemoryAccess
internal import Synchronization

/// What a thread sleeps on until time is up, or until another one rings. Any thread, several at a time.
final class Alarm: @unchecked Sendable {
    /// Counts the rings.
    private let word = SharedWord.allocate(capacity: 1)

    init() { word.initialize(to: Atomic(0)) }

    deinit { word.deallocate() }

    /// What ``sleep(since:nanoseconds:)`` needs: taken before the caller looks at what it waits for, so that a ring that
    /// comes between the look and the sleep ends the sleep at once.
    var rings: UInt64 { NativeMemory.loadAcquire(word) }

    /// Returns once it has rung since `rings` was taken, or after so many nanoseconds, or for no reason. 0: no limit.
    func sleep(since rings: UInt64, nanoseconds: UInt64) {
        NativeMemory.sleep(on: word, while: UInt32(truncatingIfNeeded: rings), nanoseconds: nanoseconds)
    }

    /// The word, for a signal handler to count up: it stays for ever, since a handler may be running whenever this ends.
    func bell() -> SharedWord {
        _ = Unmanaged.passRetained(self)
        return word
    }

    /// Wakes all sleepers.
    func ring() {
        _ = NativeMemory.fetchAdd(1, to: word)
        // SAFETY: the word is 8 aligned bytes, and the kernel looks at the address of its low 4 (little-endian).
        cplatform_wake(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self), UInt32(Int32.max))
    }
}
