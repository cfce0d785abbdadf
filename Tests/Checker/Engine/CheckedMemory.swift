public import MemoryAccess

/// The memory of the ``Machine`` that runs.
public enum CheckedMemory: MemoryModel {
    public static func loadRelaxed(_ word: SharedWord) -> UInt64 { Machine.current.load(word, acquires: false) }
    public static func loadAcquire(_ word: SharedWord) -> UInt64 { Machine.current.load(word, acquires: true) }
    public static func loadOwn(_ word: SharedWord) -> UInt64 { Machine.current.loadOwn(word) }
    public static func storeRelaxed(_ value: UInt64, to word: SharedWord) {
        Machine.current.store(value, to: word, releases: false)
    }
    public static func storeRelease(_ value: UInt64, to word: SharedWord) {
        Machine.current.store(value, to: word, releases: true)
    }
    public static func fetchAdd(_ value: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        Machine.current.modify(word, order) { $0 &+ value }
    }
    public static func fetchOr(_ bits: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        Machine.current.modify(word, order) { $0 | bits }
    }
    public static func compareExchange(
        _ expected: UInt64, with desired: UInt64, in word: SharedWord, order: ModificationOrder
    ) -> Bool {
        Machine.current.compareExchange(expected, with: desired, in: word, order)
    }
    public static func fence() { Machine.current.fence() }
    public static func releaseFence() { Machine.current.releaseFence() }
    public static func signalFence() {}
    public static func lightFence() { Machine.current.lightFence() }
    public static func heavyFence() { Machine.current.heavyFence() }
    public static func sleep(on word: SharedWord, while value: UInt32, nanoseconds: UInt64) {
        Machine.current.sleep(on: word, while: value)
    }
    public static func wake(_ word: SharedWord) { Machine.current.wake(word, all: false) }
    public static func wakeAll(_ word: SharedWord) { Machine.current.wake(word, all: true) }
    /// A continuation of ``continuation(_:)``.
    public static func resume(_ continuation: UnsafeContinuation<Void, Never>) {
        let word = unsafeBitCast(continuation, to: SharedWord.self)
        if fetchAdd(1, to: word, order: .acquiringAndReleasing) != 0 {
            Machine.current.report("a continuation is resumed twice")
        }
        wake(word)
    }

    /// Stands for a continuation: an agent that awaits it sleeps on the word, which is 0, until it is resumed.
    package static func continuation(_ word: SharedWord) -> UnsafeContinuation<Void, Never> {
        unsafeBitCast(word, to: UnsafeContinuation<Void, Never>.self)
    }

    package static func awaitResumption(_ word: SharedWord) {
        while loadAcquire(word) == 0 { sleep(on: word, while: 0, nanoseconds: 0) }
    }

    public static func looks(_ wanted: UInt32) -> UInt32 { min(wanted, 1) }
    public static func willRead(_ cell: UnsafeRawPointer, byteCount: Int) {
        Machine.current.access(cell, byteCount: byteCount, writes: false)
    }
    public static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int) {
        Machine.current.access(cell, byteCount: byteCount, writes: true)
    }
    public static func willFree(_ address: UnsafeRawPointer, byteCount: Int) {
        Machine.current.free(address, byteCount: byteCount)
    }
    public static func pause() { Machine.current.pause() }
}
