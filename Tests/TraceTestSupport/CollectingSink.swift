public import TraceCore
public import TraceFormats

/// Keeps all that a timeline tells: what an export of the same file has to agree with.
public struct CollectingSink: TimelineSink {
    public struct Argument: Hashable, Sendable {
        public var name: String
        public var unit: String
        public var value: ArgumentValue
    }

    public enum What: Hashable, Sendable {
        case spanBegin(isCutOff: Bool)
        case spanEnd(isUnfinished: Bool)
        case asyncBegin(TimelineAsyncSpan, isCutOff: Bool)
        case asyncEnd(TimelineAsyncSpan, isUnfinished: Bool)
        case instant
        case counter
        case flow(UInt64)
        case lost(from: Int64, count: UInt64)
    }

    public struct Item: Hashable, Sendable {
        public var what: What
        public var time: Int64
        public var thread: Int
        /// Empty for a loss.
        public var name = ""
        public var category = ""
        public var kind = EventKind.instant
        public var arguments: [Argument] = []
    }

    public private(set) var items: [Item] = []
    public private(set) var context: TimelineContext?

    public init() {}

    /// All items of a file.
    public static func collect(_ file: [UInt8]) throws -> CollectingSink {
        var sink = CollectingSink()
        let bytes = file.span.bytes
        try Timeline.run(TraceIndex(bytes), in: bytes, into: &sink)
        return sink
    }

    private mutating func add(
        _ what: What, _ event: TimelineEvent, _ context: TimelineContext, _ bytes: RawSpan
    ) throws {
        var item = Item(
            what: what, time: event.time, thread: event.thread, name: event.schema.name,
            category: event.schema.category, kind: event.schema.kind)
        if let record = event.record {
            try context.forEachArgument(of: record, event.schema, in: bytes) { field, value in
                item.arguments.append(Argument(name: field.name, unit: field.unit, value: value))
            }
        }
        items.append(item)
    }

    public mutating func begin(_ context: TimelineContext) { self.context = context }

    public mutating func spanBegin(
        _ event: TimelineEvent, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws { try add(.spanBegin(isCutOff: isCutOff), event, context, bytes) }

    public mutating func spanEnd(
        _ event: TimelineEvent, isUnfinished: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws { try add(.spanEnd(isUnfinished: isUnfinished), event, context, bytes) }

    public mutating func asyncBegin(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isCutOff: Bool, _ context: TimelineContext, in bytes: RawSpan
    ) throws { try add(.asyncBegin(span, isCutOff: isCutOff), event, context, bytes) }

    public mutating func asyncEnd(
        _ event: TimelineEvent, _ span: TimelineAsyncSpan, isUnfinished: Bool, _ context: TimelineContext,
        in bytes: RawSpan
    ) throws { try add(.asyncEnd(span, isUnfinished: isUnfinished), event, context, bytes) }

    public mutating func instant(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try add(.instant, event, context, bytes)
    }

    public mutating func counter(_ event: TimelineEvent, _ context: TimelineContext, in bytes: RawSpan) throws {
        try add(.counter, event, context, bytes)
    }

    public mutating func flow(
        _ event: TimelineEvent, number: UInt64, _ context: TimelineContext, in bytes: RawSpan
    ) throws { try add(.flow(number), event, context, bytes) }

    public mutating func lost(thread: Int, from: Int64, to: Int64, count: UInt64, _ context: TimelineContext) {
        items.append(Item(what: .lost(from: from, count: count), time: to, thread: thread))
    }

    public mutating func end(_ context: TimelineContext) {}
}
