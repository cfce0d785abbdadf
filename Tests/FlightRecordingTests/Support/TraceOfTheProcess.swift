import ExclusiveTrace
import FlightRecording
import Testing

/// What records into the one trace of the process: extend it with a suite. One test at a time, and none of another target
/// meanwhile. Each leaves the store as it found it: nothing records, and the configuration is the default.
@Suite(.serialized, HoldsTheTrace()) enum TraceOfTheProcess {}

struct HoldsTheTrace: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await TraceTurn.shared.hold(function)
    }
}

extension TraceStore {
    /// Ends a generation, while something records.
    static func endGeneration() throws {
        let stream = TraceStream()
        try stream.start()
        stream.stop()
    }

    /// Sizes the store for the time of `body`.
    static func sized(
        _ bytes: Int, pageByteCount: Int = 4096, period: Duration = .seconds(3600), _ body: () async throws -> Void
    ) async throws {
        var configuration = Configuration()
        configuration.maximumBytes = bytes
        configuration.pageByteCount = pageByteCount
        configuration.generationPeriod = period
        try configure(configuration)
        do { try await body() } catch {
            try? configure(Configuration())
            throw error
        }
        #expect(usage == nil, "something still records")
        try configure(Configuration())
    }
}

enum Emitted {
    static let step = Event2<UInt64, UInt64>("step", category: "test", "thread", "sequence")
    static let other = Event1<UInt64>("other", category: "another", "sequence")
}
