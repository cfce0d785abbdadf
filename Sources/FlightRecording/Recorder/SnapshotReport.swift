public import TraceCore

/// What a snapshot covers, and what is missing from it.
public struct SnapshotReport: Sendable, Hashable {
    /// What the window begins with.
    public typealias Bound = NativeSnapshot.Bound

    /// The last generation that is inside. It ended with the call: what happened before is inside.
    public var generation: UInt64
    /// From here on nothing is missing but what ``lanes`` tells, in nanoseconds since 1970. Some threads' events may reach
    /// further back.
    public var from: Int64
    /// When the snapshot was asked for, in nanoseconds since 1970.
    public var to: Int64
    public var bound: Bound
    /// What of each thread is inside, and what was lost, by lane.
    public var lanes: [Lane]
    /// Spans that were open, also those that began before the window.
    public var openSpans: [OpenSpan]
    public var batches: Int
    /// Of the file: header, metadata and batches.
    public var byteCount: UInt64
    /// Nanoseconds from the call to the last byte.
    public var cost: UInt64

    public struct Lane: Sendable, Hashable {
        /// As in the file: events, gaps, and whether events before the window's begin were left out.
        public var content: NativeGenerationEnd.Lane
        /// When each of the gaps was over, in nanoseconds since 1970: the lost events are not later.
        public var gapEnds: [Int64]

        /// Events lost inside the window.
        public var lost: UInt64 { content.lost }
    }

    public var events: UInt64 { lanes.reduce(0) { $0 &+ $1.content.events } }
    public var lost: UInt64 { lanes.reduce(0) { $0 &+ $1.lost } }
    public var covered: Duration { .nanoseconds(to - from) }
}
