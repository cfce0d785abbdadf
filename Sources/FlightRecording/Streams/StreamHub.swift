internal import MemoryAccess
internal import Synchronization
internal import TraceCore

// Subscribers to the one trace: the protocol
//
// Layout
//   The hub belongs to a session. Whoever ends a generation calls `close`, under the session's lock: the hub finds the pages
//   with events of that generation (GenerationCollector), pins each once, and puts one object that stands for them
//   (GenerationPages) into the queue of each subscriber (StreamQueue). What a subscriber takes (TraceGeneration) refers to it.
//   No byte is copied: batches are offsets into the arena's mapping.
//
// Ownership
//   The pins belong to the GenerationPages, and go with its last reference: in whichever queue, in whoever's hands. A queue is
//   the hub's to fill and the subscriber's to empty, under its own lock. Locks are taken in this order: a stream's, the
//   store's, the session's, the hub's, a queue's. Writers take none of them.
//
// Invariants
//   1. A queue joins and leaves between two calls of `close`. Otherwise, its first or last generation is not whole.
//   2. Each generation reaches each queue once, as pages or as loss, and what a queue drops becomes loss of what comes next in
//      it. Otherwise, events that were emitted are neither delivered nor counted.
//   3. The part of a lane in a generation is what lies between two cuts of the same lane, by index. Otherwise, an event on a
//      page that reaches over a cut is delivered twice, or never.
//   4. Where a lane's parts leave a gap, the states of all pages are looked at before it is called loss. The pages that were
//      claimed since the last boundary, by their tickets, and those that were carried over from it are nearly all, but not a
//      page whose claim began before that boundary and came to its end behind it. Otherwise, that page's events are called
//      lost, and are there.
//   5. A page is pinned only after the budget gave a pin, except for one at a time that is being looked at, and pins go back
//      to the budget after the page is unpinned. Otherwise, more pages are pinned than a claim passes, and a subscriber that is
//      stuck costs writers events.
//   6. All that one queue holds, taken or not, stays within its share of the budget, unless it is one generation alone.
//      Otherwise, a subscriber that is stuck starves the others.
//
// When the budget is short all the same, generations that nobody has taken are dropped, the oldest first; and if that does not
// help, the new one is lost for all.

/// Hands each generation that ends to all subscribers. Any thread.
final class StreamHub: Sendable {
    private let arena: Arena
    private let budget: PinBudget
    private let state = Lock(State())
    private let active = Atomic<Int>(0)
    /// The hand at the last boundary.
    private let lastHand = Atomic<UInt64>(0)
    /// The hand at the last look.
    private let seenHand = Atomic<UInt64>(0)

    private struct State {
        var queues: [StreamQueue] = []
        var last: GenerationBoundary?
        /// Pages that may hold events behind the last boundary; nil: not known, any page may.
        var carried: [Int]?
    }

    init(_ arena: Arena) {
        self.arena = arena
        budget = PinBudget(arena.view.pinBudget)
    }

    /// Nanoseconds until the next look at the hand: a look costs a wake-up. While nothing is written, fewer are enough: what
    /// two threads at full rate write meanwhile is less than the budget of a store of 64 MiB. The advancing thread.
    func pollInterval() -> UInt64 {
        let hand = NativeMemory.loadRelaxed(arena.view.hand)
        let isMoving = seenHand.exchange(hand, ordering: .relaxed) != hand
        return isMoving ? 2_000_000 : 8_000_000
    }

    var isActive: Bool { active.load(ordering: .relaxed) > 0 }

    /// Whether so many pages were claimed since the last boundary that the generation is to end: a thirty-second of the
    /// arena, so that several generations fit the budget.
    var isDue: Bool {
        guard isActive else { return false }
        let claimed = NativeMemory.loadRelaxed(arena.view.hand) &- lastHand.load(ordering: .relaxed)
        return claimed >= max(UInt64(arena.geometry.pageCount) / 32, 1)
    }

    /// Pages that are pinned by generations.
    var pinned: Int { budget.used }

    /// From the last boundary on.
    func add(_ queue: StreamQueue) {
        state.withLock { state in
            state.queues.append(queue)
            active.store(state.queues.count, ordering: .relaxed)
        }
    }

    /// Up to the last boundary.
    func remove(_ queue: StreamQueue) {
        state.withLock { state in
            state.queues.removeAll { $0 === queue }
            active.store(state.queues.count, ordering: .relaxed)
            queue.end()
        }
    }

    /// A generation ended at `boundary`. Calls come in the order of generations.
    ///
    /// - Complexity: O(lanes + pages claimed since the last boundary) where there are subscribers, else O(1).
    func close(_ boundary: GenerationBoundary) {
        state.withLock { state in
            let begin = state.last
            state.last = boundary
            lastHand.store(boundary.hand, ordering: .relaxed)
            guard let begin, !state.queues.isEmpty else {
                state.carried = nil
                return
            }
            let queues = state.queues
            var collector = GenerationCollector(arena, budget, from: begin, to: boundary) {
                Self.dropOldest(of: queues)
            }
            let pages = collector.collect(carried: state.carried)
            state.carried = collector.carried
            for queue in queues {
                if let pages {
                    queue.deliver(pages, share: budget.limit / queues.count)
                } else {
                    queue.lose(TraceLoss(from: begin.cut, to: boundary.cut))
                }
            }
        }
    }

    /// Drops the oldest of what is queued; false where nothing is.
    private static func dropOldest(of queues: [StreamQueue]) -> Bool {
        var oldest: (queue: StreamQueue, generation: UInt64)?
        for queue in queues {
            guard let generation = queue.oldest else { continue }
            if let known = oldest, Int64(bitPattern: generation &- known.generation) >= 0 { continue }
            oldest = (queue, generation)
        }
        return oldest?.queue.dropOldest() ?? false
    }
}
