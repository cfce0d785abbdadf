package import MemoryAccess
internal import Synchronization

typealias Alarm = GenericAlarm<NativeMemory>

/// What a thread sleeps on until time is up, or until another one rings. Any thread, several at a time.
package final class GenericAlarm<Memory: MemoryModel>: @unchecked Sendable {
    /// Counts the rings.
    private let word = SharedWord.allocate(capacity: 1)

    package init() { word.initialize(to: Atomic(0)) }

    deinit { word.deallocate() }

    /// What ``sleep(since:nanoseconds:)`` needs: taken (acquire) before the caller looks at what it waits for, so that a ring
    /// that comes between the look and the sleep ends the sleep at once.
    package var rings: UInt64 { Memory.loadAcquire(word) }

    /// Returns once it has rung since `rings` was taken, or after so many nanoseconds, or for no reason. 0: no limit.
    package func sleep(since rings: UInt64, nanoseconds: UInt64) {
        Memory.sleep(on: word, while: UInt32(truncatingIfNeeded: rings), nanoseconds: nanoseconds)
    }

    /// The word, for a signal handler to count up, as long as the alarm is there.
    var bell: SharedWord { word }

    /// Wakes all sleepers. What came before (release) is seen by who takes the count after it.
    package func ring() {
        _ = Memory.fetchAdd(1, to: word, order: .releasing)
        Memory.wakeAll(word)
    }
}
