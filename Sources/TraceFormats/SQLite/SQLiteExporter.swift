internal import TraceCore

/// Writes a timeline into a new SQLite database, for questions that no viewer has thought of: tables `spans`, `events`,
/// `counters`, `loss`, `threads`, `names` and `meta`, and views for usual questions.
///
///     SELECT name, ms, thread, args FROM slowest_spans LIMIT 10;
///     SELECT * FROM span_totals;
///
/// Spans have their duration, the time not spent in spans inside (`self`), and their parent, so that each stands for itself; they
/// are added as they end. Asynchronous spans have no parent.
///
/// Uses the system's SQLite, which is loaded at run time. Memory: 8 MiB of pages, and what is open at a time. One thread.
public struct SQLiteExporter: ~Copyable, TimelineSink {
    private let database: SQLiteDatabase
    private let inserts: Inserts
    private var nextID: Int64 = 1
    /// By thread, the outermost first.
    private var open: [[OpenRow]] = []
    private var asyncs: [UInt64: OpenRow] = [:]
    /// By schema id.
    private var arguments: [[JSONArgument]] = []
    private var buffer = EncodingBuffer()

    fileprivate struct OpenRow {
        var id: Int64
        var name: UInt16
        var thread: Int
        var start: Int64
        /// Of spans inside that have ended.
        var inside: Int64 = 0
        var isCutOff: Bool
        /// As a JSON object.
        var arguments: [UInt8]?
    }

    /// Creates the database at `path`, where no file may be.
    ///
    /// - Throws: ``SQLiteError``, among others where SQLite is not installed.
    public init(path: String) throws(SQLiteError) {
        // Nothing is to be taken back of a value that is not there yet.
        let opened = try SQLiteDatabase(path: path, schema: SQLiteTables.schema)
        let prepared = try Inserts(opened)
        database = opened
        inserts = prepared
    }

    /// Makes the indices and views, and closes the database.
    public consuming func finish() throws { try database.finish(SQLiteTables.ending) }

    public mutating func begin(_ context: TimelineContext) throws {
        open = Array(repeating: [], count: context.threads.count)
        arguments = Array(repeating: [], count: Int(context.index.schemas.keys.max() ?? 0) + 1)
        let snapshot = context.index.snapshot
        try addMeta("process") { $0.add(UInt64(context.processID)) }
        try addMeta("process_name") { $0.add(context.processName) }
        try addMeta("reason") { $0.add(snapshot?.reason ?? "") }
        try addMeta("start") { $0.add(context.start) }
        try addMeta("end") { $0.add(context.end) }
        try addMeta("lost") { $0.add(context.index.totals.lost) }
        for (place, thread) in context.threads.enumerated() {
            try database.insert(inserts.thread) { row in
                row.add(place)
                row.add(UInt64(thread.lane))
                row.add(UInt64(thread.id))
                row.add(thread.name)
            }
        }
        for schema in context.index.schemas.values.sorted(by: { $0.id < $1.id }) {
            arguments[Int(schema.id)] = JSONArgument.all(of: schema)
            try database.insert(inserts.name) { row in
                row.add(UInt64(schema.id))
                row.add(schema.name)
                row.add(schema.category)
                row.add(schema.kind.columnText)
            }
        }
    }

    private func addMeta(_ key: StaticString, _ value: (inout SQLiteRow) -> Void) throws {
        try database.insert(inserts.meta) { row in
            row.add(key)
            value(&row)
        }
    }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws { open[event.thread].append(try row(event, isCutOff, context, bytes)) }

    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        guard let span = open[event.thread].popLast() else { return }
        let duration = max(0, event.time &- span.start)
        let depth = open[event.thread].count
        let parent = open[event.thread].last?.id
        if depth > 0 { open[event.thread][depth - 1].inside &+= duration }
        try database.insert(inserts.span) { row in
            span.add(to: &row, end: event.time, own: max(0, duration &- span.inside))
            if let parent { row.add(parent) } else { row.addNull() }
            row.add(depth)
            row.add(false)
            row.addNull()
            row.add(event.thread)
            row.addNull()
            row.addNull()
            row.add(span.isCutOff)
            row.add(isUnfinished)
            row.add(span.arguments)
        }
    }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws { asyncs[span.number] = try row(event, isCutOff, context, bytes) }

    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        guard let begun = asyncs.removeValue(forKey: span.number) else { return }
        try database.insert(inserts.span) { row in
            begun.add(to: &row, end: event.time, own: max(0, event.time &- begun.start))
            row.addNull()
            row.add(0)
            row.add(true)
            row.add(span.number)
            row.add(event.thread)
            if span.task == 0 { row.addNull() } else { row.add(span.task) }
            if let name = span.taskName { row.add(name) } else { row.addNull() }
            row.add(begun.isCutOff)
            row.add(isUnfinished)
            row.add(begun.arguments)
        }
    }

    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try add(event, number: nil, context, bytes)
    }

    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        var value: Double?
        if let record = event.record, let field = event.entry.schema.fields.first {
            let word = try context.firstWord(of: record, in: bytes)
            value = ArgumentValue(word: word, field.type, context).number
        }
        let id = takeID()
        // SQLite stores what is no number as NULL.
        try database.insert(inserts.counter) { row in
            row.add(id)
            row.add(event.time)
            row.add(event.thread)
            row.add(UInt64(event.entry.schema.id))
            if let value { row.add(value) } else { row.addNull() }
        }
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws { try add(event, number: number, context, bytes) }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        try database.insert(inserts.loss) { row in
            row.add(thread)
            row.add(from)
            row.add(to)
            row.add(count)
        }
    }

    public mutating func end(_ context: TimelineContext) throws {}
}

extension SQLiteExporter {
    private mutating func takeID() -> Int64 {
        defer { nextID += 1 }
        return nextID
    }

    private mutating func row(
        _ event: borrowing TimelineEvent, _ isCutOff: Bool, _ context: TimelineContext, _ bytes: RawSpan
    ) throws -> OpenRow {
        let hasArguments = try putArguments(of: event, context, bytes)
        return OpenRow(
            id: takeID(), name: event.entry.schema.id, thread: event.thread, start: event.time, isCutOff: isCutOff,
            arguments: hasArguments ? Array(buffer.bytes) : nil)
    }

    private mutating func add(
        _ event: borrowing TimelineEvent, number: UInt64?, _ context: TimelineContext, _ bytes: RawSpan
    ) throws {
        let hasArguments = try putArguments(of: event, context, bytes)
        let id = takeID()
        try database.insert(inserts.event) { row in
            row.add(id)
            row.add(event.time)
            row.add(event.thread)
            row.add(UInt64(event.entry.schema.id))
            row.add(event.entry.schema.kind.columnText)
            if let number { row.add(number) } else { row.addNull() }
            if hasArguments { row.add(buffer.bytes) } else { row.addNull() }
        }
    }

    /// Leaves them in the buffer, as a JSON object. False where there are none.
    private mutating func putArguments(
        of event: borrowing TimelineEvent, _ context: TimelineContext, _ bytes: RawSpan
    ) throws -> Bool {
        let fields = arguments[Int(event.entry.schema.id)]
        guard let record = event.record, !fields.isEmpty else { return false }
        buffer.removeAll()
        try buffer.put(arguments: fields, of: record, context, in: bytes)
        return true
    }
}

extension SQLiteExporter.OpenRow {
    /// The columns that all spans have.
    fileprivate func add(to row: inout SQLiteRow, end: Int64, own: Int64) {
        row.add(id)
        row.add(UInt64(name))
        row.add(thread)
        row.add(start)
        row.add(end)
        row.add(max(0, end &- start))
        row.add(own)
    }
}

extension EventKind {
    fileprivate var columnText: StaticString {
        switch self {
        case .begin: "begin"
        case .end: "end"
        case .asyncBegin: "asyncBegin"
        case .asyncEnd: "asyncEnd"
        case .instant: "instant"
        case .counter: "counter"
        case .flowBegin: "flowBegin"
        case .flowStep: "flowStep"
        case .flowEnd: "flowEnd"
        }
    }
}

/// The numbers of the statements that add a row.
private struct Inserts {
    let meta, thread, name, event, span, counter, loss: Int

    init(_ database: SQLiteDatabase) throws(SQLiteError) {
        func prepare(_ table: String, _ count: Int) throws(SQLiteError) -> Int {
            let places = Array(repeating: "?", count: count).joined(separator: ",")
            return try database.prepare("INSERT INTO \(table) VALUES (\(places))")
        }
        meta = try prepare("meta", 2)
        thread = try prepare("threads", 4)
        name = try prepare("names", 4)
        event = try prepare("events", 7)
        span = try prepare("spans", 17)
        counter = try prepare("counters", 5)
        loss = try prepare("loss", 4)
    }
}
