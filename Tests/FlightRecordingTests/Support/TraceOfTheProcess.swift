import FlightRecording
import Testing
import TraceTestSupport

/// What concerns the one trace of the process: one test at a time. Every suite that records is an extension of it.
@Suite(.serialized, .exclusiveTrace) enum TraceOfTheProcess {}

enum Emitted {
    static let step = Event2<UInt64, UInt64>("step", category: "test", "thread", "sequence")
    static let other = Event1<UInt64>("other", category: "another", "sequence")
    static let span = SpanEvent("span", category: "test")
    static let task = AsyncSpanEvent("task", category: "test")
}
