import FlightRecording

/// An event of an arena, decoded.
struct RecordedEvent: CustomStringConvertible {
    var schema: EventSchema
    var time: UInt64
    var numbers: [UInt64] = []
    var text: String?

    var name: String { schema.name }
    var category: String { schema.category }
    var kind: EventKind { schema.kind }

    var description: String {
        (["\(kind)", name] + [text].compactMap { $0 } + numbers.map(String.init)).joined(separator: " ")
    }
}

extension Arena {
    /// All events that can be read, in the order of their times.
    func recordedEvents() throws -> [RecordedEvent] {
        let schemas = Trace.schemas
        let shapes = ShapeTable(schemas)
        var events: [RecordedEvent] = []
        try visitPages { batch, bytes in
            var cursor = RecordCursor(batch)
            while let record = try cursor.next(in: bytes, shapes) {
                guard record.lostCount == nil else { continue }
                var event = RecordedEvent(schema: schemas[Int(record.schema) - 1], time: record.time)
                func string(_ range: Range<Int>) -> String {
                    bytes.extracting(range).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                }
                switch record.shape {
                case .none: break
                case .one, .two, .three:
                    let words = [record.words.0, record.words.1, record.words.2]
                    event.numbers = Array(words.prefix(event.schema.fields.count))
                case .text: event.text = string(record.payload)
                case .wide:
                    var fields = record.wideFields
                    for field in event.schema.fields {
                        if field.type == .string {
                            event.text = string(try fields.text(in: bytes).range)
                        } else {
                            event.numbers.append(try fields.number(in: bytes))
                        }
                    }
                }
                events.append(event)
            }
        }
        return events.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
            .map(\.element)
    }
}
