/// The process has one trace, and the tests of all targets run in one process: whoever records takes its turn. A suite holds
/// it for all of its tests.
public actor TraceTurn {
    public static let shared = TraceTurn()

    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private func take() async {
        if isTaken { await withCheckedContinuation { waiting.append($0) } }
        isTaken = true
    }

    private func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }

    /// Runs `body` while nobody else has the turn. Not inside itself.
    nonisolated public func hold(_ body: () async throws -> Void) async throws {
        await take()
        do { try await body() } catch {
            await leave()
            throw error
        }
        await leave()
    }
}
