import TraceCore
import TraceFormats

/// What `info` tells, as it stands in its JSON.
struct InfoReport: Encodable {
    struct Process: Encodable {
        var id: UInt32
        var name: String
    }
    struct Event: Encodable {
        var name: String
        var category: String
        var kind: TraceSummary.Kind
        var count: UInt64
        var incomplete: UInt64?
        var total: UInt64?
        var min: UInt64?
        var median: UInt64?
        var p99: UInt64?
        var max: UInt64?
    }
    struct Thread: Encodable {
        var id: UInt32
        var lane: UInt32
        var name: String
        var events: UInt64
        var lost: UInt64
        /// Nanoseconds in outermost spans.
        var busy: UInt64
    }
    struct Open: Encodable {
        var name: String
        var category: String
        var thread: String
        var start: String
        /// Nanoseconds until the window's end.
        var age: Int64
        var isAcrossThreads: Bool
    }
    struct Cost: Encodable {
        var storeBytes: UInt64
        var minimumAge: UInt64
        var maximumBytes: UInt64
        var generations: UInt64
        var generationNanoseconds: UInt64
        var snapshots: UInt64
        var snapshotNanoseconds: UInt64
        var uncountedEvents: UInt64
        var unlistedSpans: UInt64
    }
    struct Problem: Encodable {
        var offset: Int
        var cause: String
    }

    var file: String
    var byteCount: Int
    var from: String
    var to: String
    var duration: Int64
    var bound: String?
    var reason: String?
    var process: Process
    var generations: Int
    var batches: Int
    var eventCount: UInt64
    var lost: UInt64
    var ticksPerSecond: UInt64
    var rateErrorPartsPerBillion: UInt32
    var threads: [Thread]
    var events: [Event]
    var openSpans: [Open]
    var cost: Cost?
    var problem: Problem?

    init(_ file: String, byteCount: Int, _ summary: TraceSummary, _ context: TimelineContext) {
        let index = context.index
        self.file = file
        self.byteCount = byteCount
        from = JSONPrinting.time(context.start)
        to = JSONPrinting.time(context.end)
        duration = max(0, context.end &- context.start)
        bound = index.snapshot.map { Self.text($0.bound) }
        reason = index.snapshot.flatMap { $0.reason.isEmpty ? nil : $0.reason }
        process = Process(id: context.processID, name: context.processName)
        generations = index.generations.count
        batches = index.batches.count
        eventCount = summary.threads.reduce(0) { $0 &+ $1.events }
        lost = index.totals.lost
        ticksPerSecond = index.header.rate.ticksPerSecond
        rateErrorPartsPerBillion = index.header.rate.partsPerBillion
        threads = zip(context.threads, summary.threads).map { thread, entry in
            Thread(
                id: thread.id, lane: thread.lane, name: thread.name, events: entry.events, lost: entry.lost,
                busy: entry.busy)
        }
        events = summary.sorted.map { entry in
            var event = Event(
                name: entry.key.name, category: entry.key.category, kind: entry.key.kind, count: entry.count)
            if entry.durations.count > 0 {
                event.incomplete = entry.incomplete
                event.total = entry.durations.total
                event.min = entry.durations.least
                event.median = entry.durations.median
                event.p99 = entry.durations.p99
                event.max = entry.durations.greatest
            }
            return event
        }
        openSpans = index.openSpans.map { span in
            let schema = context.schema(span.schema)
            let start = context.time(units: span.start)
            let thread = context.thread(lane: span.lane, id: span.thread).map { context.threads[$0].name } ?? ""
            return Open(
                name: schema?.name ?? "[\(span.schema)]", category: schema?.category ?? "", thread: thread,
                start: JSONPrinting.time(start), age: context.end &- start, isAcrossThreads: span.isAcrossThreads)
        }
        cost = index.snapshot.map {
            Cost(
                storeBytes: $0.storeBytes, minimumAge: $0.minimumAge, maximumBytes: $0.maximumBytes,
                generations: $0.generations, generationNanoseconds: $0.generationCost, snapshots: $0.snapshots,
                snapshotNanoseconds: $0.snapshotCost, uncountedEvents: $0.uncountedEvents,
                unlistedSpans: $0.unlistedSpans)
        }
        problem = index.problem.map { Problem(offset: $0.offset, cause: $0.reason.description) }
    }

    private static func text(_ bound: NativeSnapshot.Bound) -> String {
        switch bound {
        case .start: "start"
        case .minimumAge: "minimumAge"
        case .maximumBytes: "maximumBytes"
        case .store: "store"
        }
    }
}
