internal import TraceCore

/// Copies records of one file into batches of another, with the numbers that schemas, strings, spans and tasks have there.
struct RecordEditor {
    private(set) var batch = BatchBuilder()

    private let map: MergeTables.Map
    private let process: UInt64
    private let processCount: UInt64
    /// By schema id of the input.
    private var edits: [Edit] = []
    private var payload = PayloadBuilder()

    private struct Edit {
        var id: UInt16 = 0
        var fields: [EventSchema.Field] = []
        /// The fields that hold a number to be made unique: of a span, a flow, a task.
        var numbers: Set<Int> = []
        /// Nothing but the id is another.
        var keepsPayload = true
        var keepsID = true
    }

    init(_ map: MergeTables.Map, _ process: Int, _ processCount: Int, _ index: TraceIndex) {
        self.map = map
        self.process = UInt64(process)
        self.processCount = UInt64(processCount)
        edits = Array(repeating: Edit(), count: Int(index.schemas.keys.max() ?? 0) + 1)
        let keepsStrings = map.strings.allSatisfy { $0 == $1 }
        for schema in index.schemas.values {
            var edit = Edit(id: map.schemas[schema.id] ?? schema.id, fields: schema.fields)
            if processCount > 1 { edit.numbers = Self.numbers(of: schema) }
            edit.keepsPayload =
                edit.numbers.isEmpty && (keepsStrings || !schema.fields.contains { $0.type == .staticString })
            edit.keepsID = edit.id == schema.id
            edits[Int(schema.id)] = edit
        }
    }

    /// Which fields number spans, flows and tasks (docs/FORMAT.md, on kinds of events).
    private static func numbers(of schema: EventSchema) -> Set<Int> {
        switch schema.kind {
        case .asyncBegin: Set([0, 1].filter { $0 < schema.fields.count && schema.fields[$0].type == .unsigned })
        case .asyncEnd, .flowBegin, .flowStep, .flowEnd: schema.fields.first?.type == .unsigned ? [0] : []
        case .instant where schema.name == "task" && schema.category == "task":
            schema.fields.first?.type == .unsigned ? [0] : []
        case .instant where schema.name == "error" && schema.fields.map(\.type) == [.string, .unsigned]: [1]
        default: []
        }
    }

    mutating func begin(_ header: BatchHeader, _ lane: UInt32) {
        var header = header
        header.lane = lane
        header.schemaCount = 0
        batch.begin(header)
    }

    /// - Throws: `DecodingError` where a wide payload ends early, or is too long with its new numbers.
    mutating func append(_ record: Record, in bytes: RawSpan) throws(DecodingError) {
        guard record.lostCount == nil, Int(record.schema) < edits.count else { return batch.append(record, in: bytes) }
        let edit = edits[Int(record.schema)]
        if edit.keepsPayload {
            if edit.keepsID { return batch.append(record, in: bytes) }
            // Behind the id, the delta, and an extended id.
            let start = record.offset + (record.schema > UInt16(RecordID.lastEvent) ? 5 : 3)
            payload.removeAll()
            payload.append(field: start..<record.payload.upperBound, of: bytes)
            return batch.append(record, as: edit.id, payload: payload.bytes)
        }
        payload.removeAll()
        switch record.shape {
        case .none, .text: return batch.append(record, in: bytes)
        case .one, .two, .three:
            let words = [record.words.0, record.words.1, record.words.2]
            payload.append(numbers: edit.fields.indices.map { word(words[$0], edit, $0) })
        case .wide:
            payload.beginWide()
            var fields = record.wideFields
            for (place, field) in edit.fields.enumerated() {
                if field.type == .string {
                    let text = try fields.text(in: bytes).range
                    // With its length.
                    payload.append(field: text.lowerBound - 2..<text.upperBound, of: bytes)
                } else {
                    payload.append(number: word(try fields.number(in: bytes), edit, place))
                }
            }
            guard payload.endWide() else { throw DecodingError(.truncated(.wide), at: record.offset) }
        }
        batch.append(record, as: edit.id, payload: payload.bytes)
    }

    private func word(_ word: UInt64, _ edit: Edit, _ place: Int) -> UInt64 {
        if edit.numbers.contains(place) { return word == 0 ? 0 : word &* processCount &+ process }
        guard edit.fields[place].type == .staticString else { return word }
        return UInt32(exactly: word).flatMap { map.strings[$0] }.map(UInt64.init) ?? word
    }
}
