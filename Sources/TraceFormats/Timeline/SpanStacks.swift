internal import TraceCore

/// The spans of a thread, as ends close them (docs/FORMAT.md): an end closes the innermost open span of its event, and all
/// inside that span; where there is none, the span began before what is known.
struct SpanStack {
    /// Schema ids of begins, the outermost first.
    private(set) var open: [UInt16] = []

    mutating func begin(_ schema: UInt16) { open.append(schema) }

    /// How many spans the end of `schema` closes: itself and what is inside. 0 where it is not open.
    func closed(by schema: UInt16) -> Int {
        // The id of an end is that of its begin and one.
        guard let place = open.lastIndex(of: schema &- 1) else { return 0 }
        return open.count - place
    }

    mutating func close(_ count: Int) {
        // Of one, as nearly always, without the work of a range.
        if count == 1 { open.removeLast() } else { open.removeLast(count) }
    }
}

/// Spans that end in the window and began before it, or behind a loss: found by a pass over each thread's begins and ends,
/// so that a timeline can begin them in their order.
struct OrphanedSpans {
    /// By thread and the index of a record: the schemas of the begins that are missing in front of it, the outermost first.
    private(set) var missing: [Place: [UInt16]] = [:]
    /// By thread: the time of its first record, in units; nil where it has none.
    private(set) var firstTimes: [UInt64?]

    struct Place: Hashable {
        var thread: Int
        var index: UInt64
    }

    /// - Parameter progress: called every 64 batches with the part of them that is done, 0 to 1.
    init(
        _ batches: [Batch], _ context: TimelineContext, in bytes: RawSpan, progress: (Double) -> Void
    ) throws(DecodingError) {
        firstTimes = Array(repeating: nil, count: context.threads.count)
        var scan = Scan()
        let shapes = context.index.shapes
        let order = batches.indices.sorted { Self.inOrder(batches[$0], batches[$1]) }
        for (done, number) in order.enumerated() {
            if done & 63 == 63 { progress(Double(done) / Double(order.count)) }
            let thread = context.batchThreads[number]
            if thread != scan.thread { scan = Scan(thread: thread) }
            var cursor = RecordCursor(batches[number])
            while let record = try cursor.next(in: bytes, shapes) {
                guard record.lostCount == nil else { continue }
                if scan.isNew { firstTimes[thread] = firstTimes[thread] ?? record.time }
                scan.take(record, context.kind(record.schema), &missing)
            }
        }
    }

    /// By lane, and in a lane by index, which wraps.
    private static func inOrder(_ a: Batch, _ b: Batch) -> Bool {
        a.header.lane != b.header.lane
            ? a.header.lane < b.header.lane : LanePosition.precedes(a.header.baseIndex, b.header.baseIndex)
    }

    /// Of one thread.
    private struct Scan {
        var thread: Int?
        private var stack = SpanStack()
        private var next: UInt64?
        /// Where the present run of records without a loss begins.
        private var run: UInt64 = 0
        /// How many of the open spans began before this run.
        private var older = 0

        init(thread: Int? = nil) { self.thread = thread }

        /// No record was taken yet.
        var isNew: Bool { next == nil }

        mutating func take(_ record: Record, _ kind: EventKind?, _ missing: inout [Place: [UInt16]]) {
            if record.index != next {
                run = record.index
                older = stack.open.count
            }
            next = (record.index &+ 1) & 0xFFFF_FFFF_FFFF
            switch kind {
            case .begin: stack.begin(record.schema)
            case .end:
                let closed = stack.closed(by: record.schema)
                if closed == 0 {
                    // Outside of all that began in this run, and of all that was found so far.
                    missing[Place(thread: thread!, index: run), default: []].insert(record.schema &- 1, at: 0)
                }
                stack.close(closed > 0 ? closed : stack.open.count - older)
                older = min(older, stack.open.count)
            default: break
            }
        }
    }
}
