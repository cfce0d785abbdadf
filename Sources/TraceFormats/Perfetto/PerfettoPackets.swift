internal import TraceCore

/// Writes packets of one sequence: the path of every event.
///
/// A packet's content is put together first, in memory that is reused, so that all lengths are known and as short as they can be:
///
/// ```
///   packet, length | timestamp | sequence, flags | content's tag, length | content
///   ------------------- head ------------------------------------------- | body
/// ```
struct PerfettoPackets: ~Copyable {
    /// Whole packets, to be taken by who writes them.
    var output = EncodingBuffer(capacity: Self.limit + (64 << 10))
    private var head = EncodingBuffer(capacity: 64)
    var body = EncodingBuffer(capacity: 4096)
    /// Numbers of static strings whose text is interned.
    var strings: Set<UInt32> = []

    /// One sequence: all that is interned is known to all events.
    static var sequence: UInt64 { 1 }

    /// Bytes that are kept before they are written.
    private static var limit: Int { 256 << 10 }

    @inline(__always)
    var isFull: Bool { output.count >= Self.limit }

    /// A packet without a time.
    mutating func write(
        _ field: PerfettoField, _ content: ProtoMessage, flags: UInt64 = PerfettoValue.needsState
    ) {
        var packet = ProtoMessage()
        packet.number(PerfettoField.Packet.sequence, Self.sequence)
        packet.number(PerfettoField.Packet.sequenceFlags, flags)
        packet.message(field, content)
        var trace = ProtoMessage()
        trace.message(PerfettoField.Trace.packet, packet)
        output.put(trace.bytes)
    }

    /// What is in `body` as the field `tag` of a packet, and leaves `body` empty.
    @inline(__always)
    mutating func writeBody(as tag: UInt64, at time: UInt64) {
        let length = body.count
        let inner =
            1 &+ varintByteCount(time) &+ 4 &+ varintByteCount(tag) &+ varintByteCount(UInt64(length)) &+ length
        head.removeAll()
        head.put(UInt8(PerfettoField.Trace.packet.tag(.bytes)))
        head.put(varint: UInt64(inner))
        head.put(UInt8(PerfettoField.Packet.timestamp.tag(.varint)))
        head.put(varint: time)
        head.put(UInt8(PerfettoField.Packet.sequence.tag(.varint)))
        head.put(UInt8(Self.sequence))
        head.put(UInt8(PerfettoField.Packet.sequenceFlags.tag(.varint)))
        head.put(UInt8(PerfettoValue.needsState))
        head.put(varint: tag)
        head.put(varint: UInt64(length))
        output.put(head.bytes)
        output.put(body.bytes)
        body.removeAll()
    }

    /// Begins a TrackEvent in `body`.
    @inline(__always)
    mutating func begin(_ plan: PerfettoPlan, track: UInt64) {
        body.put(plan.prefix, length: plan.prefixByteCount)
        body.put(UInt8(PerfettoField.Event.track.tag(.varint)))
        body.put(varint: track)
    }

    @inline(__always)
    mutating func end(at time: UInt64) {
        writeBody(as: PerfettoField.Packet.event.tag(.bytes), at: time)
    }
}

/// Annotations.
extension PerfettoPackets {
    /// The fields of an event. Throws `DecodingError` where a wide payload ends early.
    @inline(__always)
    mutating func putArguments(of record: Record, _ plan: PerfettoPlan, in bytes: RawSpan) throws {
        switch record.shape {
        case .none: break
        case .one, .two, .three:
            let words = record.words
            for number in plan.fields.indices {
                put(plan.fields[number], number == 0 ? words.0 : number == 1 ? words.1 : words.2)
            }
        case .text:
            if let field = plan.fields.first { put(field, record.payload, record.isTruncated, bytes) }
        case .wide:
            var rest = record.wideFields
            for field in plan.fields {
                if field.type == .string {
                    let (range, isTruncated) = try rest.text(in: bytes)
                    put(field, range, isTruncated, bytes)
                } else {
                    put(field, try rest.number(in: bytes))
                }
            }
        }
    }

    mutating func put(_ mark: PerfettoMark, _ value: UInt64? = nil) {
        let tag = value == nil ? PerfettoField.Annotation.boolean : PerfettoField.Annotation.unsigned
        body.put(UInt8(PerfettoField.Event.annotations.tag(.bytes)))
        body.put(UInt8(3 + varintByteCount(value ?? 1)))
        body.put(UInt8(PerfettoField.Annotation.nameID.tag(.varint)))
        body.put(UInt8(mark.number))
        body.put(UInt8(tag.tag(.varint)))
        body.put(varint: value ?? 1)
    }

    /// A number.
    @inline(__always)
    private mutating func put(_ field: PerfettoPlan.Field, _ word: UInt64) {
        switch field.type {
        case .unsigned: put(field, PerfettoField.Annotation.unsigned, varint: word)
        case .signed:
            put(field, PerfettoField.Annotation.signed, varint: UInt64(bitPattern: FieldType.signed(word: word)))
        case .boolean: put(field, PerfettoField.Annotation.boolean, varint: word == 0 ? 0 : 1)
        case .pointer: put(field, PerfettoField.Annotation.pointer, varint: word)
        case .double: put(field, FieldType.double(word: word))
        case .float: put(field, Double(FieldType.float(word: word)))
        case .staticString: put(field, staticString: word)
        case .string: break
        }
    }

    @inline(__always)
    private mutating func put(_ field: PerfettoPlan.Field, _ kind: PerfettoField, varint value: UInt64) {
        begin(field, 1 &+ varintByteCount(value))
        body.put(UInt8(truncatingIfNeeded: kind.tag(.varint)))
        body.put(varint: value)
    }

    private mutating func put(_ field: PerfettoPlan.Field, _ value: Double) {
        begin(field, 9)
        body.put(UInt8(PerfettoField.Annotation.double.tag(.fixed64)))
        body.put(fixed: value.bitPattern)
    }

    private mutating func put(_ field: PerfettoPlan.Field, staticString word: UInt64) {
        if let number = UInt32(exactly: word), strings.contains(number) {
            let id = PerfettoNumbers.id(ofString: number)
            begin(field, 2 &+ varintByteCount(id))
            body.put(varint: PerfettoField.Annotation.textID.tag(.varint))
            body.put(varint: id)
        } else {
            // As `TimelineContext.text` has it.
            var text = "[\(word)]"
            text.withUTF8 { put(field, text: UnsafeRawBufferPointer($0)) }
        }
    }

    private mutating func put(
        _ field: PerfettoPlan.Field, _ range: Range<Int>, _ isTruncated: Bool, _ bytes: RawSpan
    ) {
        bytes.withRepairedText(range) { put(field, text: $0) }
        if isTruncated { put(.truncated) }
    }

    private mutating func put(_ field: PerfettoPlan.Field, text: UnsafeRawBufferPointer) {
        begin(field, 1 &+ varintByteCount(UInt64(text.count)) &+ text.count)
        body.put(UInt8(PerfettoField.Annotation.text.tag(.bytes)))
        body.put(varint: UInt64(text.count))
        body.put(text)
    }

    /// The tag, length and name of an annotation whose value, with its tag, takes so many bytes.
    @inline(__always)
    private mutating func begin(_ field: PerfettoPlan.Field, _ valueByteCount: Int) {
        body.put(UInt8(PerfettoField.Event.annotations.tag(.bytes)))
        body.put(varint: UInt64(field.prefixByteCount &+ valueByteCount))
        body.put(field.prefix, length: field.prefixByteCount)
    }
}
