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
    private var fieldNames: [UInt16: [String]] = [:]

    private struct OpenRow {
        var id: Int64
        var name: UInt16
        var thread: Int
        var start: Int64
        /// Of spans inside that have ended.
        var inside: Int64 = 0
        var isCutOff: Bool
        var arguments: String?
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
        let snapshot = context.index.snapshot
        try database.insert(inserts.meta, .text("process"), .init(context.processID))
        try database.insert(inserts.meta, .text("process_name"), .text(context.processName))
        try database.insert(inserts.meta, .text("reason"), .text(snapshot?.reason ?? ""))
        try database.insert(inserts.meta, .text("start"), .integer(context.start))
        try database.insert(inserts.meta, .text("end"), .integer(context.end))
        try database.insert(inserts.meta, .text("lost"), .init(context.index.totals.lost))
        for (place, thread) in context.threads.enumerated() {
            try database.insert(
                inserts.thread, .init(place), .init(thread.lane), .init(thread.id), .text(thread.name))
        }
        for schema in context.index.schemas.values.sorted(by: { $0.id < $1.id }) {
            try database.insert(
                inserts.name, .init(UInt32(schema.id)), .text(schema.name), .text(schema.category),
                .text("\(schema.kind)"))
        }
    }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws { open[event.thread].append(try row(event, isCutOff, context, bytes)) }

    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws {
        guard let row = open[event.thread].popLast() else { return }
        let duration = max(0, event.time &- row.start)
        let parent = open[event.thread].last?.id
        if parent != nil { open[event.thread][open[event.thread].count - 1].inside &+= duration }
        try database.insert(
            inserts.span, .integer(row.id), .init(UInt32(row.name)), .init(row.thread), .integer(row.start),
            .integer(event.time), .integer(duration), .integer(max(0, duration &- row.inside)),
            parent.map { .integer($0) } ?? .null, .init(open[event.thread].count), .init(false), .null,
            .init(event.thread), .null, .null, .init(row.isCutOff), .init(isUnfinished),
            row.arguments.map { .text($0) } ?? .null)
    }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws { asyncs[span.number] = try row(event, isCutOff, context, bytes) }

    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws {
        guard let row = asyncs.removeValue(forKey: span.number) else { return }
        let duration = max(0, event.time &- row.start)
        try database.insert(
            inserts.span, .integer(row.id), .init(UInt32(row.name)), .init(row.thread), .integer(row.start),
            .integer(event.time), .integer(duration), .integer(duration), .null, .init(0), .init(true),
            .init(span.number), .init(event.thread), span.task == 0 ? .null : .init(span.task),
            span.taskName.map { .text($0) } ?? .null, .init(row.isCutOff), .init(isUnfinished),
            row.arguments.map { .text($0) } ?? .null)
    }

    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try add(event, number: nil, context, bytes)
    }

    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        var value: Double?
        if let record = event.record {
            try context.forEachArgument(of: record, event.schema, in: bytes) { _, argument in
                value = value ?? argument.number
            }
        }
        // SQLite stores what is no number as NULL.
        try database.insert(
            inserts.counter, .integer(takeID()), .integer(event.time), .init(event.thread),
            .init(UInt32(event.schema.id)), value.map { .double($0) } ?? .null)
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws { try add(event, number: number, context, bytes) }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) throws {
        try database.insert(inserts.loss, .init(thread), .integer(from), .integer(to), .init(count))
    }

    public mutating func end(_ context: TimelineContext) throws {}
}

extension SQLiteExporter {
    private mutating func takeID() -> Int64 {
        defer { nextID += 1 }
        return nextID
    }

    private mutating func row(
        _ event: TimelineEvent, _ isCutOff: Bool, _ context: TimelineContext, _ bytes: RawSpan
    ) throws -> OpenRow {
        OpenRow(
            id: takeID(), name: event.schema.id, thread: event.thread, start: event.time, isCutOff: isCutOff,
            arguments: try arguments(event, context, bytes))
    }

    private mutating func add(
        _ event: TimelineEvent, number: UInt64?, _ context: TimelineContext, _ bytes: RawSpan
    ) throws {
        try database.insert(
            inserts.event, .integer(takeID()), .integer(event.time), .init(event.thread),
            .init(UInt32(event.schema.id)), .text("\(event.schema.kind)"), number.map { .init($0) } ?? .null,
            try arguments(event, context, bytes).map { .text($0) } ?? .null)
    }

    /// As a JSON object; nil where there are none.
    private mutating func arguments(
        _ event: TimelineEvent, _ context: TimelineContext, _ bytes: RawSpan
    ) throws -> String? {
        guard let record = event.record, !event.schema.fields.isEmpty else { return nil }
        let names = fieldNames[event.schema.id] ?? event.schema.uniqueFieldNames
        fieldNames[event.schema.id] = names
        var text = JSONBytes()
        text.append("{")
        var place = 0
        try context.forEachArgument(of: record, event.schema, in: bytes) { _, value in
            if place > 0 { text.append(",") }
            text.append(quoted: names[place])
            text.append(":")
            text.append(json: value)
            place += 1
        }
        text.append("}")
        return text.string
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
