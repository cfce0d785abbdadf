public import TraceCore

/// One generation of the trace, whole, in the memory that it was written to.
///
/// While it is held, its pages are not overwritten: hold few, and not for long. All that a stream's subscriber holds comes out
/// of the ``TraceStore/Usage/streamByteCount`` that all share; who holds too much is given nothing more, and is told how
/// much that was.
///
/// Any thread, several at a time.
public final class TraceGeneration: Sendable {
    private let pages: GenerationPages
    private let queue: StreamQueue
    /// What this subscriber lost right before this generation, because it was slow.
    public let lostBefore: TraceLoss?

    init(_ pages: GenerationPages, lostBefore: TraceLoss?, from queue: StreamQueue) {
        self.pages = pages
        self.lostBefore = lostBefore
        self.queue = queue
    }

    deinit { queue.release(pages.pageCount) }

    /// They ascend by one, but where generations were lost.
    public var number: UInt64 { pages.end.generation }

    /// The clocks when the generation before ended. Late records may be a little older.
    public var begin: ClockPair { pages.begin.clock }

    /// That it has ended: when, and how many events there are of each lane, and which are not there because their writers
    /// lost them.
    public var end: NativeGenerationEnd { pages.account }

    /// Its batches, as offsets in the span that ``withBytes(_:)`` gives: lane by lane, those of a lane in the order of
    /// their events. Each decodes alone.
    public var batches: [Batch] { pages.batches }

    /// Events of the generation, including those that writers lost.
    public var events: UInt64 { pages.events }

    /// Bytes of records.
    public var byteCount: Int { batches.reduce(0) { $0 + $1.records.count } }

    /// Calls `body` with all pages of the store. Only what the batches cover is to be read: the rest belongs to writers.
    ///
    /// - Precondition: this is not a forked child of the process that recorded.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // SAFETY: the pages live as long as this object does.
        try withExtendedLifetime(pages) { () throws(Failure) in try body(pages.bytes.bytes) }
    }

    /// Calls `body` with each event that passes the filter, batch by batch, and the span that offsets are of. Events are not
    /// in the order of time: for that, merge the batches (`TimeMerge`).
    ///
    /// - Complexity: O(events), whatever the filter lets through.
    /// - Throws: what `body` throws; `DecodingError` where a program wrote records of no registered event.
    public func forEachRecord(
        matching filter: TraceFilter = .everything, _ body: (Record, Batch, RawSpan) throws -> Void
    ) throws {
        let schemas = Trace.schemas
        let shapes = ShapeTable(schemas)
        let passes = TraceFilterTable(filter, schemas)
        try withBytes { bytes in
            for batch in batches {
                var cursor = RecordCursor(batch)
                while var record = try cursor.next(in: bytes, shapes) {
                    guard passes[record.schema] else { continue }
                    // A thread that was late may have noted an earlier one.
                    record.generation = number
                    try body(record, batch, bytes)
                }
            }
        }
    }
}
