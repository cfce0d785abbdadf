internal import CPlatform
internal import Synchronization
internal import TraceCore

/// The generations that one subscriber has not taken yet. Full, it drops the oldest: what a slow subscriber gets is new.
///
/// Invariants
///   1. Between two neighbours of the queue, and behind the last, stands the loss between them. Otherwise, some generation is
///      neither delivered nor counted.
///   2. A sleeper is counted, and has taken the alarm's count, before the lock under which it found nothing is released.
///      Otherwise, a generation that comes meanwhile wakes nobody.
///
/// Any thread.
final class StreamQueue: Sendable {
    private let depth: Int
    private let alarm = Alarm()
    /// Pages in generations that were taken and are still held.
    private let held = Atomic<Int>(0)
    private let state = Lock(State())

    private struct State {
        var entries: [Entry] = []
        /// Pages in `entries`.
        var queued = 0
        /// Behind the last entry.
        var loss: TraceLoss?
        var hasEnded = false
        var sleepers = 0
        var tasks: [(number: UInt64, continuation: UnsafeContinuation<TraceGeneration?, Never>)] = []
        var nextTask: UInt64 = 0
        var statistics = TraceStream.Statistics()

        mutating func drop() {
            let dropped = entries.removeFirst()
            queued -= dropped.pages.pageCount
            var loss = dropped.lossBefore
            loss.append(TraceLoss(from: dropped.pages.begin.cut, to: dropped.pages.end.cut))
            count(1, dropped.pages.events)
            if entries.isEmpty {
                loss.append(self.loss)
                self.loss = loss
            } else {
                loss.append(entries[0].lossBefore)
                entries[0].lossBefore = loss
            }
        }

        mutating func count(_ generations: UInt64, _ events: UInt64) {
            statistics.lostGenerations += generations
            statistics.lostEvents += events
        }
    }

    private struct Entry {
        let pages: GenerationPages
        var lossBefore: TraceLoss?
    }

    init(depth: Int) { self.depth = depth }

    // MARK: The hub's side

    /// - Parameter share: pages that this queue and what was taken from it may keep pinned.
    func deliver(_ pages: GenerationPages, share: Int) {
        let task = state.withLock { state -> (UnsafeContinuation<TraceGeneration?, Never>, TraceGeneration)? in
            let others = held.load(ordering: .relaxed) + pages.pageCount
            while !state.entries.isEmpty, state.entries.count >= depth || others + state.queued > share { state.drop() }
            guard others <= share || others == pages.pageCount else {
                state.loss.append(TraceLoss(from: pages.begin.cut, to: pages.end.cut))
                state.count(1, pages.events)
                return nil
            }
            state.entries.append(Entry(pages: pages, lossBefore: state.loss))
            state.queued += pages.pageCount
            state.loss = nil
            if state.sleepers > 0 { alarm.ring() }
            guard !state.tasks.isEmpty, let generation = take(from: &state) else { return nil }
            return (state.tasks.removeFirst().continuation, generation)
        }
        if let task { task.0.resume(returning: task.1) }
    }

    func lose(_ loss: TraceLoss) {
        state.withLock { state in
            state.loss.append(loss)
            state.count(loss.generations, loss.events)
        }
    }

    /// Nothing comes any more.
    func end() {
        let tasks = state.withLock { state in
            state.hasEnded = true
            if state.sleepers > 0 { alarm.ring() }
            defer { state.tasks = [] }
            return state.tasks
        }
        for task in tasks { task.continuation.resume(returning: nil) }
    }

    /// The number of the oldest generation that waits.
    var oldest: UInt64? { state.withLock { $0.entries.first?.pages.end.generation } }

    /// Drops the oldest generation that waits; false where there is none.
    func dropOldest() -> Bool {
        state.withLock { state in
            guard !state.entries.isEmpty else { return false }
            state.drop()
            return true
        }
    }

    // MARK: The subscriber's side

    /// The next generation; nil after `nanoseconds` (nil: no limit), and at the end.
    func next(nanoseconds: UInt64?) -> TraceGeneration? {
        let start = cplatform_monotonic_nanoseconds()
        while true {
            let passed = cplatform_monotonic_nanoseconds() - start
            let mayWait = nanoseconds.map { passed < $0 } ?? true
            let (generation, rings) = state.withLock { state -> (TraceGeneration?, UInt64?) in
                if let generation = take(from: &state) { return (generation, nil) }
                guard mayWait, !state.hasEnded else { return (nil, nil) }
                state.sleepers += 1
                return (nil, alarm.rings)
            }
            guard let rings else { return generation }
            alarm.sleep(since: rings, nanoseconds: nanoseconds.map { $0 - passed } ?? 0)
            state.withLock { $0.sleepers -= 1 }
        }
    }

    /// The next generation; nil at the end, and where the task is cancelled.
    func next() async -> TraceGeneration? {
        let number = state.withLock { state in
            state.nextTask += 1
            return state.nextTask
        }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let answer = state.withLock { state -> TraceGeneration?? in
                    if let generation = take(from: &state) { return .some(generation) }
                    // Cancelled before: the handler has found nothing to resume.
                    if state.hasEnded || Task.isCancelled { return .some(nil) }
                    state.tasks.append((number, continuation))
                    return .none
                }
                if case .some(let generation) = answer { continuation.resume(returning: generation) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.tasks.firstIndex { $0.number == number }.map { state.tasks.remove(at: $0).continuation }
            }
            continuation?.resume(returning: nil)
        }
    }

    private func take(from state: inout State) -> TraceGeneration? {
        guard !state.entries.isEmpty else { return nil }
        let entry = state.entries.removeFirst()
        state.queued -= entry.pages.pageCount
        held.wrappingAdd(entry.pages.pageCount, ordering: .relaxed)
        state.statistics.takenGenerations += 1
        state.statistics.takenEvents += entry.pages.events
        return TraceGeneration(entry.pages, lostBefore: entry.lossBefore, from: self)
    }

    /// A generation that was taken is let go.
    func release(_ pageCount: Int) { held.wrappingSubtract(pageCount, ordering: .relaxed) }

    var statistics: TraceStream.Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.queuedGenerations = state.entries.count
            statistics.lostSince = state.loss
            return statistics
        }
    }
}
