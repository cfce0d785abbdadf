internal import TraceCore

/// A field of an event as a member of a JSON object.
struct JSONArgument {
    let type: FieldType
    let name: String
    /// `"name":`
    let key: [UInt8]

    /// The fields of an event, each by a name of its own: see ``EventSchema/uniqueFieldNames``.
    static func all(of schema: EventSchema) -> [JSONArgument] {
        zip(schema.fields, schema.uniqueFieldNames).map { field, name in
            var buffer = EncodingBuffer()
            buffer.put(jsonString: name)
            buffer.put(UInt8(ascii: ":"))
            return JSONArgument(type: field.type, name: name, key: Array(buffer.bytes))
        }
    }
}

extension EventSchema {
    /// The names of the fields, each once: one that is empty, or stands for an earlier field, is "#" and its place.
    package var uniqueFieldNames: [String] {
        var seen: Set<String> = []
        return fields.enumerated().map { place, field in
            field.name.isEmpty || !seen.insert(field.name).inserted ? "#\(place + 1)" : field.name
        }
    }
}

extension EncodingBuffer {
    /// The fields of an event as an object. Numbers have all their digits, whatever a reader's doubles can hold; an address is
    /// a string of hexadecimal digits; what is no number of JSON is "NaN", "Infinity" or "-Infinity".
    ///
    /// - Parameter wasCut: called with the place of each text that its writer cut.
    /// - Throws: `DecodingError` where a wide payload ends early, with half an object written.
    mutating func put(
        arguments: [JSONArgument], of record: Record, _ context: TimelineContext, in bytes: RawSpan,
        wasCut: (Int) -> Void = { _ in }
    ) throws {
        put("{")
        switch record.shape {
        case .none: break
        case .one, .two, .three:
            let words = record.words
            for place in arguments.indices {
                putKey(arguments, place)
                put(arguments[place].type, place == 0 ? words.0 : place == 1 ? words.1 : words.2, context)
            }
        case .text:
            if !arguments.isEmpty {
                putKey(arguments, 0)
                bytes.withRepairedText(record.payload) { put(jsonString: $0) }
                if record.isTruncated { wasCut(0) }
            }
        case .wide:
            var rest = record.wideFields
            for place in arguments.indices {
                putKey(arguments, place)
                if arguments[place].type == .string {
                    let (range, isTruncated) = try rest.text(in: bytes)
                    bytes.withRepairedText(range) { put(jsonString: $0) }
                    if isTruncated { wasCut(place) }
                } else {
                    put(arguments[place].type, try rest.number(in: bytes), context)
                }
            }
        }
        put("}")
    }

    @inline(__always)
    private mutating func putKey(_ arguments: [JSONArgument], _ place: Int) {
        if place > 0 { put(UInt8(ascii: ",")) }
        put(arguments[place].key)
    }

    private mutating func put(_ type: FieldType, _ word: UInt64, _ context: TimelineContext) {
        switch type {
        case .unsigned: put(decimal: word)
        case .signed: put(decimal: FieldType.signed(word: word))
        case .double: put(named: FieldType.double(word: word))
        case .float: put(named: FieldType.float(word: word))
        case .boolean: put(word == 0 ? "false" : "true")
        case .pointer:
            put("\"")
            put(hexadecimal: word)
            put("\"")
        case .staticString, .string: put(jsonString: context.text(word))
        }
    }

    /// JSON has no infinities and no NaN.
    private mutating func put(named number: some BinaryFloatingPoint & CustomStringConvertible) {
        if number.isFinite {
            put(number.description)
        } else {
            put(number.isNaN ? "\"NaN\"" : number < 0 ? "\"-Infinity\"" : "\"Infinity\"")
        }
    }
}
