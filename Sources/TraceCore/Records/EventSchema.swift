/// What a reader has to know of an event to make sense of its records.
public struct EventSchema: Sendable, Hashable {
    /// 1 or more; unique in the process.
    public var id: UInt16
    public var name: String
    public var category: String
    public var kind: EventKind
    public var fields: [Field]

    public init(id: UInt16, name: String, category: String, kind: EventKind = .instant, fields: [Field] = []) {
        self.id = id
        self.name = name
        self.category = category
        self.kind = kind
        self.fields = fields
    }

    /// How its records are laid out.
    public var shape: RecordShape { RecordShape(of: fields.map(\.type)) }

    public struct Field: Sendable, Hashable {
        public var name: String
        public var type: FieldType
        /// Such as "bytes" or "ns"; empty where there is none.
        public var unit: String

        public init(name: String, type: FieldType, unit: String = "") {
            self.name = name
            self.type = type
            self.unit = unit
        }
    }
}

/// What an event means on a time line.
@frozen
public enum EventKind: UInt8, Sendable, CaseIterable {
    case instant = 1
    /// Begin and end of a span of this thread: spans of one thread nest.
    case begin, end
    /// The first field is the value of a counter from now on.
    case counter
    /// A flow connects spans of any threads; the first field is its number.
    case flowBegin, flowStep, flowEnd
    /// Begin and end of a span that any threads make. The first field is its number, unique in the process; the second of a
    /// begin is the number of the task that it began in, or 0.
    case asyncBegin, asyncEnd
}
