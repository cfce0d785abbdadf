public import TraceCore

/// An event's schema, shared by all events of a file.
///
/// A reference: to hand a schema on by value takes six counts of references an event.
public final class TimelineSchema: Sendable {
    public let schema: EventSchema
    /// It says what a task is called (docs/FORMAT.md).
    let namesTasks: Bool

    init(_ schema: EventSchema) {
        self.schema = schema
        namesTasks = schema.kind == .instant && schema.name == "task" && schema.category == "task"
    }
}

/// What all events of a file have in common, as a ``TimelineSink`` needs it. A reference, since each call is given it.
public final class TimelineContext: Sendable {
    /// A thread of the traced process. Its place in ``TimelineContext/threads`` stands for it.
    public struct Thread: Sendable, Hashable {
        public var lane: UInt32
        /// The system's id.
        public var id: UInt32
        public var name: String
    }

    public let processID: UInt32
    public let processName: String
    public let threads: [Thread]
    /// Nanoseconds since 1970: from here on nothing is missing but what is told to be lost.
    public let start: Int64
    /// When the last generation ended.
    public let end: Int64
    public let index: TraceIndex
    public let conversion: ClockConversion
    private let schemaTable: [TimelineSchema?]
    private let kinds: [EventKind?]
    /// By batch of the index: the place of its thread in ``threads``.
    let batchThreads: [Int]
    private let timeShift: UInt8
    private let places: [Place: Int]

    private struct Place: Hashable {
        var lane: UInt32
        var thread: UInt32
    }

    public init(_ index: TraceIndex) {
        self.index = index
        conversion = index.header.conversion
        timeShift = index.header.timeShift
        processID = index.snapshot?.process ?? 0
        processName = index.snapshot?.processName ?? ""
        let span = index.span
        start = conversion.wallClock(units: index.snapshot?.from ?? span.lowerBound, timeShift: timeShift)
        end = conversion.wallClock(units: span.upperBound, timeShift: timeShift)
        let greatest = index.schemas.keys.max() ?? 0
        var table: [TimelineSchema?] = Array(repeating: nil, count: Int(greatest) + 1)
        for schema in index.schemas.values { table[Int(schema.id)] = TimelineSchema(schema) }
        schemaTable = table
        kinds = table.map { $0?.schema.kind }

        var names: [Place: String] = [:]
        for thread in index.threads { names[Place(lane: thread.lane, thread: thread.thread)] = thread.name }
        // A page's header names the thread that it began with, so each thread with a record has one.
        let seen = index.batches.map { Place(lane: $0.header.lane, thread: $0.header.thread) }
        let open = index.openSpans.map { Place(lane: $0.lane, thread: $0.thread) }
        let all = Set(seen + open).sorted { ($0.lane, $0.thread) < ($1.lane, $1.thread) }
        threads = all.map { Thread(lane: $0.lane, id: $0.thread, name: names[$0] ?? "") }
        let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
        batchThreads = seen.map { places[$0]! }
        self.places = places
    }

    /// The schema of an event, or nil for an id that the file does not define. Complexity: O(1).
    public func schema(_ id: UInt16) -> EventSchema? { entry(id)?.schema }

    /// The same by reference.
    func entry(_ id: UInt16) -> TimelineSchema? { Int(id) < schemaTable.count ? schemaTable[Int(id)] : nil }

    /// What an event means; nil for an id that the file does not define. Complexity: O(1).
    func kind(_ id: UInt16) -> EventKind? { Int(id) < kinds.count ? kinds[Int(id)] : nil }

    /// The place of a thread in ``threads``.
    public func thread(lane: UInt32, id: UInt32) -> Int? { places[Place(lane: lane, thread: id)] }

    /// Nanoseconds since 1970 of a record's time.
    public func time(units: UInt64) -> Int64 { conversion.wallClock(units: units, timeShift: timeShift) }

    /// What a static string stands for: its number in brackets where the file does not tell.
    public func text(_ number: UInt64) -> String {
        UInt32(exactly: number).flatMap { index.strings[$0] } ?? "[\(number)]"
    }
}
