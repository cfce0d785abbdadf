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

/// The events that tests of this target emit.
enum Sent {
    /// Who emitted it, and how many it had emitted before.
    static let numbered = Event2<UInt64, UInt64>("numbered", category: "sent", "writer", "number")
    static let text = Event1<String>("text", category: "sent", "text")
    static let other = Event1<UInt64>("other", category: "apart", "number")
    static let wide = Event4<UInt64, String, Int, Double>(
        "wide", category: "apart", "number", "text", "sign", "fraction")
    static let plain = Event0("plain", category: "sent")
    static let three = Event3<UInt64, UInt64, UInt64>("three", category: "apart", "a", "b", "c")

    /// Their ids are known then.
    static func register() {
        numbered.register()
        text.register()
        other.register()
        wide.register()
        plain.register()
        three.register()
    }
}
