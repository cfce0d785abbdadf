internal import TraceCore

/// What of an event of a schema is the same each time, as JSON. A reference, as each event asks for one.
final class ChromePlan {
    /// `{"ph":"B","name":"...","cat":"..."`
    let head: [UInt8]
    /// The same as the begin and the end of a slice: what is unfinished has only its begin's plan, and a step of a flow goes
    /// through a slice without a length.
    let sliceBegin: [UInt8]
    let sliceEnd: [UInt8]
    let asyncEnd: [UInt8]
    let fields: [Field]
    let kind: EventKind

    struct Field {
        let type: FieldType
        /// `"name":`
        let key: [UInt8]
        /// What stands behind, if its text was cut.
        let truncatedKey: [UInt8]
    }

    init(_ schema: EventSchema) {
        kind = schema.kind
        head = Self.head(Self.phase(schema.kind), schema)
        sliceBegin = Self.head("B", schema)
        sliceEnd = Self.head("E", schema)
        asyncEnd = Self.head("e", schema)
        // A key may stand in an object once.
        var used = Set(ChromeMark.allCases.map(\.rawValue))
        func key(_ wanted: String) -> [UInt8] {
            var name = wanted
            var number = 2
            while !used.insert(name).inserted {
                name = "\(wanted) \(number)"
                number += 1
            }
            return Self.json(name) + [UInt8(ascii: ":")]
        }
        let isCounter = schema.kind == .counter
        fields = schema.fields.map { field in
            // The key of a counter's value is what viewers put beside its name.
            let name = isCounter && !field.unit.isEmpty ? field.unit : field.name
            return Field(
                type: field.type, key: key(name), truncatedKey: field.type == .string ? key("\(name) truncated") : [])
        }
    }

    private static func phase(_ kind: EventKind) -> String {
        switch kind {
        case .begin: "B"
        case .end: "E"
        case .asyncBegin: "b"
        case .asyncEnd: "e"
        case .instant: "i"
        case .counter: "C"
        case .flowBegin: "s"
        case .flowStep: "t"
        case .flowEnd: "f"
        }
    }

    private static func head(_ phase: String, _ schema: EventSchema) -> [UInt8] {
        Array("{\"ph\":\"\(phase)\",\"name\":".utf8) + json(schema.name) + Array(",\"cat\":".utf8)
            + json(schema.category)
    }

    static func json(_ text: String) -> [UInt8] {
        var buffer = EncodingBuffer(capacity: text.utf8.count + 16)
        buffer.put(jsonString: text)
        return Array(buffer.bytes)
    }
}

/// Arguments beside an event's own fields.
enum ChromeMark: String, CaseIterable {
    case cutOff = "cut off"
    case unfinished
    case task = "task name"
    case lost
}
