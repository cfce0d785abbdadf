public import Testing

/// The trace belongs to the process, and the suites of all test targets run in one process, side by side: those with this
/// trait run one after the other.
public struct ExclusiveTrace: SuiteTrait, TestScoping {
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        await Queue.shared.enter()
        let result: Result<Void, any Error>
        do {
            result = .success(try await function())
        } catch {
            result = .failure(error)
        }
        await Queue.shared.leave()
        try result.get()
    }

    private actor Queue {
        static let shared = Queue()
        private var isTaken = false
        private var waiters: [CheckedContinuation<Void, Never>] = []

        func enter() async {
            guard isTaken else {
                isTaken = true
                return
            }
            await withCheckedContinuation { waiters.append($0) }
        }

        func leave() {
            if waiters.isEmpty { isTaken = false } else { waiters.removeFirst().resume() }
        }
    }
}

extension Trait where Self == ExclusiveTrace {
    /// No other suite with this trait runs meanwhile.
    public static var exclusiveTrace: Self { ExclusiveTrace() }
}
