package import MemoryAccess
internal import Synchronization

// Leads threads to the arena that is recorded into, and tells when nobody is on his way there any more. No lock: a signal handler's
// emit may come here, and the thread that it came into may be inside `malloc`, for which who holds a lock may be waiting.
//
// Layout
//   current    address of the arena; 0: nothing is recorded; 1: closed, while that changes
//   visitors   how many threads are inside
//
// Ownership
//   One thread at a time closes and opens; any thread visits. A visitor blocks nowhere.
//
// Invariants
//   1. A visitor is counted before it loads `current`, and a close looks at the count after it has stored there; between them stands
//      a fence on both sides (Dekker). Otherwise, a visitor is inside of what was just taken away, uncounted.
//   2. A visitor leaves with a release, and the close ends with an acquire of 0: the count is only added to, so that all leave in
//      one release sequence. Otherwise, what visitors did inside races with what follows the close.
//   3. `current` is released when it opens, and acquired. Otherwise, a visitor finds an arena that is not made yet.

/// The way of a thread without a lane to the arena that the process records into.
package struct ArenaDoor<Memory: MemoryModel>: @unchecked Sendable {
    private let current = SharedWord.allocate(capacity: 2)
    private var visitors: SharedWord { current + 1 }

    private static var closed: UInt64 { 1 }

    /// What a visitor found.
    package enum Found<Result> {
        case nothing, closed
        case arena(Result)
    }

    /// Stays for ever.
    package init() {
        current.initialize(to: Atomic(0))
        visitors.initialize(to: Atomic(0))
    }

    /// Calls `body` with the address that was given to ``open(_:)``; what is there stays until `body` returns, which is to block
    /// nowhere. Any thread, also in a signal handler.
    package func visit<Result>(_ body: (UInt64) -> Result) -> Found<Result> {
        // Most often decided here: no visitor keeps a close waiting then.
        let seen = Memory.loadRelaxed(current)
        guard seen != 0 else { return .nothing }
        guard seen != Self.closed else { return .closed }
        _ = Memory.fetchAdd(1, to: visitors, order: .relaxed)
        // Invariant 1.
        Memory.fence()
        defer { _ = Memory.fetchAdd(0 &- 1, to: visitors, order: .releasing) }
        let address = Memory.loadAcquire(current)
        guard address != 0 else { return .nothing }
        guard address != Self.closed else { return .closed }
        return .arena(body(address))
    }

    /// Lets nobody in until it is opened, and returns once all visitors have left. Returns what was inside.
    @discardableResult
    package func close() -> UInt64 {
        let before = Memory.loadRelaxed(current)
        Memory.storeRelaxed(Self.closed, to: current)
        // Invariant 1.
        Memory.fence()
        while Memory.loadAcquire(visitors) != 0 { Memory.pause() }
        return before
    }

    /// - Parameter address: of what is inside from now on, more than 1; 0 for nothing.
    package func open(_ address: UInt64) { Memory.storeRelease(address, to: current) }
}
