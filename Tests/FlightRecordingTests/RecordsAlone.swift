import RecordingSupport
import Testing

/// Keeps a suite from recording while another one does, of any target.
struct RecordsAlone: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { false }

    func scopeProvider(for test: Test, testCase: Test.Case?) -> RecordsAlone? { self }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await RecordingTurn.shared.take(function)
    }
}

extension Trait where Self == RecordsAlone {
    static var recordsAlone: RecordsAlone { RecordsAlone() }
}
