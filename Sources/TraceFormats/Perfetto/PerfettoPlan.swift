internal import TraceCore

/// What of an event of a schema is the same each time, encoded once. A reference, as each event asks for one.
final class PerfettoPlan {
    /// Of a TrackEvent: categories, type, name.
    let prefix: SIMD16<UInt8>
    let prefixByteCount: Int
    let fields: [Field]
    let kind: EventKind
    /// Empty, or what a track of its spans or its counter is called.
    let name: String
    let unit: String

    struct Field {
        let type: FieldType
        /// Of a DebugAnnotation: the number of the field's name.
        let prefix: SIMD16<UInt8>
        let prefixByteCount: Int
    }

    /// - Parameter numbers: of texts that a viewer was told in advance.
    init(_ schema: EventSchema, _ numbers: PerfettoNumbers) {
        kind = schema.kind
        name = schema.name
        unit = schema.fields.first?.unit ?? ""
        var message = ProtoMessage()
        let type =
            switch schema.kind {
            case .begin, .asyncBegin: PerfettoValue.EventType.begin
            case .end, .asyncEnd: PerfettoValue.EventType.end
            case .counter: PerfettoValue.EventType.counter
            case .instant, .flowBegin, .flowStep, .flowEnd: PerfettoValue.EventType.instant
            }
        if type != PerfettoValue.EventType.end, type != PerfettoValue.EventType.counter,
            let category = numbers.category(schema.category)
        {
            message.number(PerfettoField.Event.categoryIDs, category)
        }
        message.number(PerfettoField.Event.type, type)
        // An end closes the innermost span of its track, whatever its name.
        if type != PerfettoValue.EventType.end, type != PerfettoValue.EventType.counter,
            let name = numbers.event(schema.name)
        {
            message.number(PerfettoField.Event.nameID, name)
        }
        (prefix, prefixByteCount) = Self.vector(message)
        fields = schema.fields.map { field in
            var message = ProtoMessage()
            message.number(PerfettoField.Annotation.nameID, numbers.field(field.name))
            let (prefix, count) = Self.vector(message)
            return Field(type: field.type, prefix: prefix, prefixByteCount: count)
        }
    }

    /// At most 10 bytes for an event and 5 for a field: there are fewer than 2^21 names, and 2^28 names of fields.
    private static func vector(_ message: ProtoMessage) -> (SIMD16<UInt8>, Int) {
        var vector = SIMD16<UInt8>()
        for (place, byte) in message.bytes.enumerated() { vector[place] = byte }
        return (vector, message.bytes.count)
    }
}

/// Texts that events refer to by number. 0 is none.
struct PerfettoNumbers {
    private var categories: [Text: UInt64] = [:]
    private var names: [Text: UInt64] = [:]
    private var fields: [Text: UInt64] = [:]
    /// In the order of their numbers, as ``PerfettoField/Interned`` has them.
    private(set) var entries: [(PerfettoField, UInt64, String)] = []

    /// Unicode has several spellings of what strings take for the same text: each has a number of its own.
    private typealias Text = [UInt8]

    func category(_ name: String) -> UInt64? { categories[Array(name.utf8)] }
    func event(_ name: String) -> UInt64? { names[Array(name.utf8)] }
    func field(_ name: String) -> UInt64 { fields[Array(name.utf8)] ?? 0 }

    init(_ index: TraceIndex) {
        for name in PerfettoMark.allCases { Self.add(name.rawValue, to: &fields, .annotationNames, &entries) }
        for schema in index.schemas.values.sorted(by: { $0.id < $1.id }) {
            if !schema.category.isEmpty { Self.add(schema.category, to: &categories, .categories, &entries) }
            if !schema.name.isEmpty { Self.add(schema.name, to: &names, .eventNames, &entries) }
            for field in schema.fields { Self.add(field.name, to: &fields, .annotationNames, &entries) }
        }
        for (number, text) in index.strings.sorted(by: { $0.key < $1.key }) {
            entries.append((PerfettoField.Interned.strings, Self.id(ofString: number), text))
        }
    }

    /// Of a static string.
    @inline(__always)
    static func id(ofString number: UInt32) -> UInt64 { UInt64(number) + 1 }

    private enum Table {
        case categories, eventNames, annotationNames

        var field: PerfettoField {
            switch self {
            case .categories: PerfettoField.Interned.categories
            case .eventNames: PerfettoField.Interned.eventNames
            case .annotationNames: PerfettoField.Interned.annotationNames
            }
        }
    }

    private static func add(
        _ text: String, to table: inout [Text: UInt64], _ kind: Table,
        _ entries: inout [(PerfettoField, UInt64, String)]
    ) {
        let key = Array(text.utf8)
        guard table[key] == nil else { return }
        let number = UInt64(table.count + 1)
        table[key] = number
        entries.append((kind.field, number, text))
    }
}

/// Annotations beside an event's own fields.
enum PerfettoMark: String, CaseIterable {
    /// The span began before the window.
    case cutOff = "cut off"
    /// No end of the span is recorded: it ends where the window or the span around it does.
    case unfinished
    /// The writer kept only the begin of the text in front of this.
    case truncated
    /// How many events were lost.
    case lost
    /// The system's ids of the threads that an asynchronous span began and ended on.
    case thread
    /// The number of an asynchronous span whose begin, which has it as a field, is not recorded.
    case span
    case endThread = "end thread"

    /// Of its name: the first that are interned.
    var number: UInt64 { UInt64(Self.allCases.firstIndex(of: self)! + 1) }
}
