public import TraceCore

/// A recorder's window, as of one instant. It is there for the time of a call, on the thread of the call.
public struct Snapshot: ~Copyable {
    private let writer: SnapshotWriter

    init(_ writer: SnapshotWriter) { self.writer = writer }

    /// Every event that the window may hold, by id.
    public var schemas: [EventSchema] { Trace.schemas }

    /// What static strings stand for, in the order of their numbers, 1 and on.
    public var texts: [String] { Trace.texts }

    /// The threads, by lane.
    public var threads: [NativeThread] { Trace.threads }

    /// Spans that were open, also those that began before the window.
    public var openSpans: [OpenSpan] { writer.openSpans }

    /// From times of records to wall time.
    public var conversion: ClockConversion { writer.clock.conversion }

    /// Calls `body` with the batches of the window, the oldest first, a few at a time, and the span that their offsets are
    /// of. Nothing is copied, and no writer is stopped: what they overwrite before the visit comes to it is missing, and the
    /// report tells. Throwing ends the visit.
    ///
    /// - Parameters:
    ///   - together: how many pages are kept from being overwritten at a time, 1 to 8.
    ///   - body: must read nothing of the span but the batches' records.
    /// - Complexity: O(pages of the store), beside what `body` does.
    @discardableResult
    public borrowing func visit(
        together: Int = 4, _ body: ([Batch], RawSpan) throws -> Void
    ) throws -> SnapshotReport {
        precondition((1...8).contains(together), "\(together) pages pinned at a time")
        var scan = WindowScan(writer.session.arena, writer.window, together: together)
        try scan.run(body)
        return writer.report(scan, SnapshotAccount(writer.window, scan.extents, in: writer.session.arena), byteCount: 0)
    }
}
