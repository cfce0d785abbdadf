internal import CPlatform
internal import Synchronization
internal import TraceCore

/// Snapshots to one path, one after the other: while one is written, all further calls share the next.
final class PathQueue: Sendable {
    private typealias Outcome = Result<SnapshotReport, any Error>

    /// One run of `work`, and who waits for it.
    private final class Turn: Sendable {
        let outcome = Lock<Outcome?>(nil)
        let callers = Atomic<Int>(1)
        let alarm = Alarm()

        func finish(_ outcome: Outcome) {
            self.outcome.withLock { $0 = outcome }
            alarm.ring()
        }

        func wait() -> Outcome {
            while true {
                let rings = alarm.rings
                if let outcome = outcome.withLock({ $0 }) { return outcome }
                alarm.sleep(since: rings, nanoseconds: 0)
            }
        }
    }

    private struct State {
        /// By path: the turn that runs.
        var running: [String: Turn] = [:]
        /// By path: the turn that waits for the running one. Its first caller will run it.
        var waiting: [String: Turn] = [:]
        private var forks = cplatform_fork_count()

        /// In a forked child nobody runs what its parent's threads did.
        mutating func leaveParentBehind() { if forks != cplatform_fork_count() { self = State() } }
    }

    private let state = Lock(State())

    private enum Part {
        case run(Turn)
        /// To run the turn once the other one has ended.
        case follow(Turn, after: Turn)
        case share(Turn)
    }

    /// The outcome of a run of `work` that began after this call.
    func run(_ path: String, _ work: () throws -> SnapshotReport) throws -> SnapshotReport {
        switch part(path) {
        case .run(let turn): return try run(turn, path, work)
        case .share(let turn): return try turn.wait().get()
        case .follow(let turn, let previous):
            _ = previous.wait()
            state.withLock { state in
                state.waiting[path] = nil
                state.running[path] = turn
            }
            return try run(turn, path, work)
        }
    }

    /// Who waits for a run that has not begun.
    func waiterCount(_ path: String) -> Int {
        state.withLock { $0.waiting[path] }?.callers.load(ordering: .relaxed) ?? 0
    }

    private func part(_ path: String) -> Part {
        state.withLock { state in
            state.leaveParentBehind()
            let turn = Turn()
            if let waiting = state.waiting[path] {
                waiting.callers.add(1, ordering: .relaxed)
                return .share(waiting)
            }
            if let running = state.running[path] {
                state.waiting[path] = turn
                return .follow(turn, after: running)
            }
            state.running[path] = turn
            return .run(turn)
        }
    }

    private func run(_ turn: Turn, _ path: String, _ work: () throws -> SnapshotReport) throws -> SnapshotReport {
        let outcome = Outcome { try work() }
        state.withLock { state in
            // A follower has to find the turn that it waits for, and puts its own in its place.
            if state.waiting[path] == nil { state.running[path] = nil }
        }
        turn.finish(outcome)
        return try outcome.get()
    }
}
