public import TraceCore

/// A field of an event.
public enum ArgumentValue: Sendable, Hashable {
    case unsigned(UInt64)
    case signed(Int64)
    case double(Double)
    case float(Float)
    case boolean(Bool)
    /// An address.
    case pointer(UInt64)
    /// What a static string stands for.
    case staticString(String)
    /// UTF-8, repaired where it was none. `isTruncated`: its writer kept only the begin.
    case string(String, isTruncated: Bool)

    init(word: UInt64, _ type: FieldType, _ context: borrowing TimelineContext) {
        self =
            switch type {
            case .unsigned: .unsigned(word)
            case .signed: .signed(FieldType.signed(word: word))
            case .double: .double(FieldType.double(word: word))
            case .float: .float(FieldType.float(word: word))
            case .boolean: .boolean(word != 0)
            case .pointer: .pointer(word)
            case .staticString: .staticString(context.text(word))
            case .string: .string("", isTruncated: false)
            }
    }

    /// A number, of whatever type; nil for strings.
    public var number: Double? {
        switch self {
        case .unsigned(let value), .pointer(let value): Double(value)
        case .signed(let value): Double(value)
        case .double(let value): value
        case .float(let value): Double(value)
        case .boolean(let value): value ? 1 : 0
        case .staticString, .string: nil
        }
    }
}

extension TimelineContext {
    /// Calls `body` with the fields of an event, in the order of its schema.
    ///
    /// - Throws: `DecodingError` where a wide payload ends early, and what `body` throws.
    public func forEachArgument(
        of record: Record, _ schema: borrowing EventSchema, in bytes: RawSpan,
        _ body: (EventSchema.Field, ArgumentValue) throws -> Void
    ) throws {
        switch record.shape {
        case .none: break
        case .one, .two, .three:
            let words = record.words
            for (number, field) in schema.fields.enumerated() {
                let word = number == 0 ? words.0 : number == 1 ? words.1 : words.2
                try body(field, ArgumentValue(word: word, field.type, self))
            }
        case .text:
            let text = Self.text(record.payload, bytes)
            if let field = schema.fields.first { try body(field, .string(text, isTruncated: record.isTruncated)) }
        case .wide:
            var fields = record.wideFields
            for field in schema.fields {
                if field.type == .string {
                    let (range, isTruncated) = try fields.text(in: bytes)
                    try body(field, .string(Self.text(range, bytes), isTruncated: isTruncated))
                } else {
                    try body(field, ArgumentValue(word: try fields.number(in: bytes), field.type, self))
                }
            }
        }
    }

    /// The first field of an event as a word, or 0 where it is none: a counter's value, a flow's or a span's number.
    public func firstWord(of record: Record, in bytes: RawSpan) throws(DecodingError) -> UInt64 {
        guard record.shape == .wide else { return record.words.0 }
        var fields = record.wideFields
        return fields.isEmpty ? 0 : try fields.number(in: bytes)
    }

    private static func text(_ range: Range<Int>, _ bytes: RawSpan) -> String {
        bytes.extracting(range).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
