import Synchronization

/// Whose turn it is to use the one recording of the process: suites of different targets run in one process, side by side.
///
/// A suite's trait takes the turn around the suite, and waits without keeping a thread.
public final class RecordingTurn: Sendable {
    public static let shared = RecordingTurn()

    private struct State {
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Runs `body` while nobody else has the turn.
    public func take(_ body: () async throws -> Void) async throws {
        await withCheckedContinuation { continuation in
            let isMine = state.withLock { state in
                if state.isTaken { state.waiting.append(continuation) }
                defer { state.isTaken = true }
                return !state.isTaken
            }
            if isMine { continuation.resume() }
        }
        defer { pass() }
        try await body()
    }

    private func pass() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.isTaken = false
            return nil
        }
        next?.resume()
    }
}
