import TraceCore
import TraceFormats

/// What a file holds, counted in one pass: events and durations by name, and what each thread did.
struct TraceSummary: TimelineSink {
    struct Key: Hashable, Comparable {
        var category: String
        var name: String
        var kind: Kind

        static func < (a: Key, b: Key) -> Bool { (a.category, a.name, a.kind) < (b.category, b.name, b.kind) }
    }

    enum Kind: String, Comparable, Codable {
        case span, asyncSpan, instant, counter, flow

        static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }

        init(_ kind: EventKind) {
            self =
                switch kind {
                case .begin, .end: .span
                case .asyncBegin, .asyncEnd: .asyncSpan
                case .instant: .instant
                case .counter: .counter
                case .flowBegin, .flowStep, .flowEnd: .flow
                }
        }
    }

    /// Of one name. A span counts once, when it ends.
    struct Entry {
        var key: Key
        var count: UInt64 = 0
        var durations = DurationHistogram()
        /// Began before the window, or were not ended.
        var incomplete: UInt64 = 0
        /// Of a counter: the least, the last, the greatest.
        var values: (least: Double, last: Double, greatest: Double)?
    }

    struct ThreadEntry {
        var events: UInt64 = 0
        var lost: UInt64 = 0
        var spans: UInt64 = 0
        /// Nanoseconds in outermost spans.
        var busy: UInt64 = 0
    }

    private(set) var entries: [Entry] = []
    private(set) var threads: [ThreadEntry] = []
    private(set) var context: TimelineContext?
    /// Only where they are asked for.
    private(set) var slowest: SlowestSpans
    private(set) var lanes: ThreadLanes

    /// By schema id: the place in `entries`, or -1.
    private var places: [Int] = []
    private var open: [[(start: Int64, isCutOff: Bool)]] = []
    private var asyncs: [UInt64: (start: Int64, isCutOff: Bool)] = [:]

    /// - Parameters:
    ///   - slowest: how many of the slowest spans to keep.
    ///   - columns: of the picture of each thread; 0 for none.
    init(slowest: Int = 0, columns: Int = 0) {
        self.slowest = SlowestSpans(limit: slowest)
        lanes = ThreadLanes(columns: columns)
    }

    /// In order, names that something happened under.
    var sorted: [Entry] { entries.filter { $0.count > 0 }.sorted { $0.key < $1.key } }

    mutating func begin(_ context: TimelineContext) {
        self.context = context
        threads = Array(repeating: ThreadEntry(), count: context.threads.count)
        open = Array(repeating: [], count: context.threads.count)
        lanes.begin(context)
        var known: [Key: Int] = [:]
        places = Array(repeating: -1, count: Int(context.index.schemas.keys.max() ?? 0) + 1)
        for schema in context.index.schemas.values.sorted(by: { $0.id < $1.id }) {
            let key = Key(category: schema.category, name: schema.name, kind: Kind(schema.kind))
            let place = known[key] ?? entries.count
            if place == entries.count { entries.append(Entry(key: key)) }
            known[key] = place
            places[Int(schema.id)] = place
        }
    }

    mutating func spanBegin(_ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan) {
        if event.record != nil { threads[event.thread].events += 1 }
        open[event.thread].append((event.time, isCutOff))
    }

    mutating func spanEnd(_ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan) {
        if event.record != nil { threads[event.thread].events += 1 }
        guard let begin = open[event.thread].popLast() else { return }
        threads[event.thread].spans += 1
        if open[event.thread].isEmpty {
            let start = max(begin.start, context.start)
            threads[event.thread].busy &+= UInt64(max(0, event.time &- start))
            lanes.busy(event.thread, start, event.time)
        }
        add(event, begin, isUnfinished)
    }

    mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) {
        if event.record != nil { threads[event.thread].events += 1 }
        asyncs[span.number] = (event.time, isCutOff)
    }

    mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) {
        if event.record != nil { threads[event.thread].events += 1 }
        guard let begin = asyncs.removeValue(forKey: span.number) else { return }
        add(event, begin, isUnfinished)
    }

    mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) { count(event) }

    mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        count(event)
        var value: Double?
        guard let record = event.record else { return }
        try context.forEachArgument(of: record, event.schema, in: bytes) { _, argument in
            value = value ?? argument.number
        }
        guard let value else { return }
        let place = places[Int(event.schema.id)]
        let old = entries[place].values ?? (value, value, value)
        entries[place].values = (min(old.least, value), value, max(old.greatest, value))
    }

    mutating func flow(_ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan) {
        count(event)
    }

    mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) {
        threads[thread].lost &+= count
        lanes.lost(thread, from, to, count)
    }

    mutating func end(_ context: TimelineContext) {}

    private mutating func count(_ event: TimelineEvent) {
        threads[event.thread].events += 1
        entries[places[Int(event.schema.id)]].count += 1
        lanes.event(event.thread, event.time)
    }

    private mutating func add(_ end: TimelineEvent, _ begin: (start: Int64, isCutOff: Bool), _ isUnfinished: Bool) {
        let duration = max(0, end.time &- begin.start)
        let place = places[Int(end.schema.id)]
        entries[place].count += 1
        entries[place].durations.add(duration)
        if begin.isCutOff || isUnfinished { entries[place].incomplete += 1 }
        slowest.add(
            .init(
                entry: place, thread: end.thread, start: begin.start, duration: duration, isCutOff: begin.isCutOff,
                isUnfinished: isUnfinished))
    }
}

/// The slowest of many spans, in a bounded heap whose root is the fastest of them.
struct SlowestSpans {
    struct Span {
        /// Its place in the summary's entries.
        var entry: Int
        var thread: Int
        var start: Int64
        var duration: Int64
        var isCutOff: Bool
        var isUnfinished: Bool
    }

    private let limit: Int
    private var heap: [Span] = []

    init(limit: Int) { self.limit = limit }

    /// The slowest first; of equals the earlier.
    var sorted: [Span] { heap.sorted { ($1.duration, $0.start) < ($0.duration, $1.start) } }

    mutating func add(_ span: Span) {
        if heap.count < limit {
            heap.append(span)
            var child = heap.count - 1
            while child > 0, heap[child].duration < heap[(child - 1) / 2].duration {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        } else if let least = heap.first, span.duration > least.duration {
            heap[0] = span
            var parent = 0
            while true {
                let children = (2 * parent + 1..<2 * parent + 3).filter { $0 < heap.count }
                guard let child = children.min(by: { heap[$0].duration < heap[$1].duration }),
                    heap[child].duration < heap[parent].duration
                else { return }
                heap.swapAt(child, parent)
                parent = child
            }
        }
    }
}

/// What each thread did over time, by columns of equal width: the share of it in spans, events beside, and losses.
struct ThreadLanes {
    struct Cell {
        var busy = 0.0
        var events = 0
        var isLossy = false
    }

    struct Loss {
        var thread: Int
        var from: Int64
        var to: Int64
        var count: UInt64
    }

    private let columns: Int
    private(set) var cells: [[Cell]] = []
    /// The first 1000.
    private(set) var losses: [Loss] = []
    private var start: Int64 = 0
    private var width = 1.0

    init(columns: Int) { self.columns = columns }

    mutating func begin(_ context: TimelineContext) {
        start = context.start
        width = max(1, Double(context.end &- context.start) / Double(max(columns, 1)))
        cells = Array(repeating: Array(repeating: Cell(), count: columns), count: context.threads.count)
    }

    mutating func busy(_ thread: Int, _ from: Int64, _ to: Int64) {
        guard columns > 0, to > from else { return }
        let (low, high) = (place(from), place(to))
        for column in column(low)...column(high) {
            let share = min(high, Double(column + 1)) - max(low, Double(column))
            cells[thread][column].busy += max(0, share)
        }
    }

    mutating func event(_ thread: Int, _ time: Int64) {
        guard columns > 0 else { return }
        cells[thread][column(place(time))].events += 1
    }

    mutating func lost(_ thread: Int, _ from: Int64, _ to: Int64, _ count: UInt64) {
        guard columns > 0 else { return }
        if losses.count < 1000 { losses.append(Loss(thread: thread, from: from, to: to, count: count)) }
        for column in column(place(from))...max(column(place(from)), column(place(to))) {
            cells[thread][column].isLossy = true
        }
    }

    private func place(_ time: Int64) -> Double { Double(time &- start) / width }
    private func column(_ place: Double) -> Int { Int(min(max(place, 0), Double(columns - 1))) }
}
