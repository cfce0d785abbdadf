internal import TraceCore

/// The classes of events that a trace uses, numbered as they come.
struct CTFClasses {
    /// What an event has beside its schema. What was not recorded has no fields.
    enum Variant: Int, CaseIterable {
        case recorded, beginCutOff, endUnfinished, asyncBeginCutOff, asyncEndUnfinished
    }

    /// By number.
    private(set) var all: [(schema: EventSchema, variant: Variant)] = []
    /// By schema id and variant: the number and one, or 0.
    private var numbers: [UInt32]

    init(greatestSchema: UInt16) {
        numbers = Array(repeating: 0, count: (Int(greatestSchema) + 1) * Variant.allCases.count)
    }

    /// Complexity: amortised O(1).
    mutating func number(_ schema: EventSchema, _ variant: Variant) -> UInt32 {
        let place = Int(schema.id) * Variant.allCases.count + variant.rawValue
        if numbers[place] == 0 {
            all.append((schema, variant))
            numbers[place] = UInt32(all.count)
        }
        return numbers[place] - 1
    }
}

/// What a trace says of itself in TSDL (diamon.org/ctf, "CTF 1.8.3"): clock, streams, and a class for each kind of event.
struct CTFMetadata {
    private(set) var text = "/* CTF 1.8 */\n\n"

    /// - Parameter base: nanoseconds since 1970 at which the clock stands at 0.
    init(_ context: TimelineContext, _ classes: CTFClasses, base: Int64, hasShortIDs: Bool) {
        writeTypes()
        writeTrace(context)
        writeClock(base)
        writeStream(hasShortIDs)
        for (number, entry) in classes.all.enumerated() { write(number, entry.schema, entry.variant) }
    }

    private mutating func writeTypes() {
        for (name, size, isSigned, base) in [
            ("u8", 8, false, 10), ("u16", 16, false, 10), ("u32", 32, false, 10), ("u64", 64, false, 10),
            ("i64", 64, true, 10), ("x64", 64, false, 16),
        ] {
            text += "typealias integer { size = \(size); align = 8; signed = \(isSigned); base = \(base); } "
            text += ":= \(name);\n"
        }
        text += "typealias floating_point { exp_dig = 8; mant_dig = 24; byte_order = le; align = 8; } := f32;\n"
        text += "typealias floating_point { exp_dig = 11; mant_dig = 53; byte_order = le; align = 8; } := f64;\n\n"
    }

    private mutating func writeTrace(_ context: TimelineContext) {
        text += """
            trace {
                major = 1;
                minor = 8;
                byte_order = le;
                packet.header := struct { u32 magic; u32 stream_id; u64 stream_instance_id; };
            };

            env {
                process_id = \(context.processID);
                process_name = \(Self.literal(context.processName));

            """
        for schema in context.index.schemas.values.sorted(by: { $0.id < $1.id }) {
            let names = Self.fieldNames(schema)
            for (number, field) in schema.fields.enumerated() {
                // What an identifier cannot hold.
                if field.name != names[number] {
                    text += "    field_\(schema.id)_\(number) = \(Self.literal(field.name));\n"
                }
                if !field.unit.isEmpty { text += "    unit_\(schema.id)_\(number) = \(Self.literal(field.unit));\n" }
            }
        }
        text += "};\n\n"
    }

    private mutating func writeClock(_ base: Int64) {
        var (seconds, nanoseconds) = base.quotientAndRemainder(dividingBy: 1_000_000_000)
        // The part below a second counts up, also before 1970.
        if nanoseconds < 0 { (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000) }
        text += """
            clock {
                name = wall;
                description = "Nanoseconds since 1970, as the recorder's clock went on from its first reading";
                freq = 1000000000;
                offset_s = \(seconds);
                offset = \(nanoseconds);
                absolute = true;
            };

            typealias integer { size = 64; align = 8; map = clock.wall.value; } := time64;
            typealias integer { size = 32; align = 8; map = clock.wall.value; } := time32;


            """
    }

    private mutating func writeStream(_ hasShortIDs: Bool) {
        text += """
            stream {
                id = 0;
                packet.context := struct {
                    time64 timestamp_begin;
                    time64 timestamp_end;
                    u64 content_size;
                    u64 packet_size;
                    u64 events_discarded;
                    u32 _lane;
                    u32 _thread;
                    string _thread_name;
                };
                event.header := struct { \(hasShortIDs ? "u16" : "u32") id; time32 timestamp; };
            };


            """
    }

    private mutating func write(_ number: Int, _ schema: EventSchema, _ variant: CTFClasses.Variant) {
        var fields: [String] = []
        switch variant {
        case .recorded:
            fields = zip(Self.fieldNames(schema), schema.fields).map { "\(Self.type($1.type)) _\($0);" }
            if schema.kind == .asyncBegin { fields.append("string _\(Self.taskNameField(schema));") }
        case .asyncBeginCutOff, .asyncEndUnfinished: fields.append("u64 _span;")
        case .beginCutOff, .endUnfinished: break
        }
        text += "event {\n    name = \(Self.literal(Self.name(schema, variant)));\n    id = \(number);\n"
        text += "    stream_id = 0;\n"
        text += "    fields := struct { \(fields.joined(separator: " ")) };\n};\n\n"
    }
}

// Names.
extension CTFMetadata {
    /// Category and name, and behind them which end of a span or which step of a flow it is.
    static func name(_ schema: EventSchema, _ variant: CTFClasses.Variant) -> String {
        var stem = schema.category.isEmpty ? schema.name : "\(schema.category):\(schema.name)"
        // Babeltrace2 takes no name for none.
        if stem.isEmpty { stem = "unnamed" }
        return switch variant {
        case .recorded: stem + suffix(schema.kind)
        case .beginCutOff: stem + "_begin_cut_off"
        case .endUnfinished: stem + "_end_unfinished"
        case .asyncBeginCutOff: stem + "_async_begin_cut_off"
        case .asyncEndUnfinished: stem + "_async_end_unfinished"
        }
    }

    private static func suffix(_ kind: EventKind) -> String {
        switch kind {
        case .instant: ""
        case .begin: "_begin"
        case .end: "_end"
        case .counter: "_counter"
        case .flowBegin: "_flow_begin"
        case .flowStep: "_flow_step"
        case .flowEnd: "_flow_end"
        case .asyncBegin: "_async_begin"
        case .asyncEnd: "_async_end"
        }
    }

    /// Identifiers for the fields: what one may not hold is an underscore, and no two are alike. In the text each has an
    /// underscore in front, which readers take away: so none is a word of the language.
    static func fieldNames(_ schema: EventSchema) -> [String] {
        var taken: Set<String> = []
        return schema.fields.map { field in
            var name = String(decoding: field.name.utf8.map(identifierByte), as: UTF8.self)
            if name.isEmpty { name = "field" }
            let stem = name
            var number = 2
            while !taken.insert(name).inserted {
                name = "\(stem)_\(number)"
                number += 1
            }
            return name
        }
    }

    private static func taskNameField(_ schema: EventSchema) -> String {
        var name = "task_name"
        let names = fieldNames(schema)
        while names.contains(name) { name += "_" }
        return name
    }

    private static func identifierByte(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            byte
        default: UInt8(ascii: "_")
        }
    }

    private static func type(_ type: FieldType) -> String {
        switch type {
        case .unsigned: "u64"
        case .signed: "i64"
        case .double: "f64"
        case .float: "f32"
        case .boolean: "u8"
        case .pointer: "x64"
        case .staticString, .string: "string"
        }
    }

    /// A text in quotes. Control characters are shown by the signs that Unicode has for them: not all readers know all escapes.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                literal.append("\\")
                literal.unicodeScalars.append(scalar)
            case "\n": literal += "\\n"
            case "\0"..."\u{1F}": literal.unicodeScalars.append(Unicode.Scalar(0x2400 + scalar.value)!)
            case "\u{7F}": literal += "\u{2421}"
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
