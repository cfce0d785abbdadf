/// What the checked decoder has found: one record that is no sync, whatever it is.
@frozen
@usableFromInline
struct Decoded {
    @usableFromInline var kind: Kind
    @usableFromInline var schema: UInt16 = 0
    @usableFromInline var shape: RecordShape = .none
    @usableFromInline var isTruncated = false
    /// Behind the syncs.
    @usableFromInline var offset: Int
    @usableFromInline var next: Int
    @usableFromInline var time: UInt64
    /// Of a loss: its count. Of a generation: its number, its stated time.
    @usableFromInline var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    @usableFromInline var payload: Range<Int>

    @frozen
    @usableFromInline
    enum Kind: UInt8 { case event, lost, generation }
}

/// Decodes any bytes, one field at a time, each checked against the end. It is the only one that knows syncs, controls,
/// extended ids, long texts and wide payloads; the fast decoder hands it whatever it has no table entry for.
///
/// `end` is always within the span: callers see to it.
@usableFromInline
enum CheckedDecoder {
    /// The record at `position`, which is before `end`, with the syncs in front of it.
    ///
    /// - Parameters:
    ///   - time: of the record before, or the batch's base.
    ///   - isFirst: nothing but syncs stands before `position` in the batch. A cut in front of a generation record makes it
    ///     the first, and then it repeats the base.
    @usableFromInline
    @inline(never)
    static func next(
        _ bytes: RawSpan, at position: Int, end: Int, after time: UInt64, isFirst: Bool,
        _ shapes: borrowing ShapeTable
    ) throws(DecodingError) -> Decoded {
        var position = position
        var digits: UInt64 = 0
        var syncs = 0
        while true {
            let id = try byte(bytes, position, end, .record)
            guard id == RecordID.sync else { break }
            guard syncs < 3 else { throw DecodingError(.syncCount, at: position) }
            digits = digits << 16 | UInt64(try number(bytes, position + 1, end, .record, as: UInt16.self))
            syncs += 1
            position += 3
        }
        let delta = digits << 16 | UInt64(try number(bytes, position + 1, end, .record, as: UInt16.self))
        let (sum, overflows) = time.addingReportingOverflow(delta)
        var decoded = try record(bytes, at: position, end: end, time: sum, shapes)
        if decoded.kind == .generation {
            let stated = decoded.words.1
            guard stated == sum && !overflows || isFirst && stated == time else {
                throw DecodingError(.generationTime(stated: stated), at: position + 12)
            }
            decoded.time = stated
        } else if overflows {
            throw DecodingError(.timeOverflow, at: position)
        }
        return decoded
    }

    /// The record at `position`, which is no sync, and whose time is known.
    @usableFromInline
    @inline(never)
    static func record(
        _ bytes: RawSpan, at offset: Int, end: Int, time: UInt64, _ shapes: borrowing ShapeTable
    ) throws(DecodingError) -> Decoded {
        let id = try byte(bytes, offset, end, .record)
        _ = try number(bytes, offset + 1, end, .record, as: UInt16.self)
        var position = offset + 3
        if id == RecordID.control { return try control(bytes, at: offset, end: end, time: time) }
        var schema = UInt16(id)
        if id == RecordID.extended {
            schema = try number(bytes, position, end, .schemaID, as: UInt16.self)
            guard schema > UInt16(RecordID.lastEvent) else { throw DecodingError(.extendedID(schema), at: position) }
            position += 2
        }
        guard let shape = shapes[schema] else {
            throw DecodingError(.unknownSchema(schema), at: id == RecordID.extended ? offset + 3 : offset)
        }
        var decoded = Decoded(
            kind: .event, schema: schema, shape: shape, offset: offset, next: position, time: time,
            payload: position..<position)
        switch shape {
        case .none: break
        case .one: decoded.words.0 = try prefixVarint(bytes, &position, end)
        case .two:
            let lengths = try byte(bytes, position, end, .numberLengths)
            guard lengths & 0x88 == 0 else { throw DecodingError(.numberLengths(lengths), at: position) }
            position += 1
            decoded.words.0 = try number(bytes, &position, end, bytes: Int(lengths & 15) + 1)
            decoded.words.1 = try number(bytes, &position, end, bytes: Int(lengths >> 4) + 1)
        case .three:
            let lengths = try byte(bytes, position, end, .numberLengths)
            position += 1
            decoded.words.0 = try number(bytes, &position, end, bytes: Int(lengths & 7) + 1)
            decoded.words.1 = try number(bytes, &position, end, bytes: Int(lengths >> 3 & 7) + 1)
            decoded.words.2 = try number(bytes, &position, end, bytes: 1 << Int(lengths >> 6))
        case .text:
            let length = try byte(bytes, position, end, .textLength)
            guard length <= 250 || length == 255 else { throw DecodingError(.textLength(length), at: position) }
            position += 1
            if length == 255 {
                (decoded.payload, decoded.isTruncated) = try longText(bytes, &position, end)
            } else {
                decoded.payload = try take(Int(length), &position, end, .text)
            }
        case .wide:
            let length = try number(bytes, position, end, .wideLength, as: UInt16.self)
            position += 2
            decoded.payload = try take(Int(length), &position, end, .wide)
        }
        if shape != .text && shape != .wide { decoded.payload = position..<position }
        decoded.next = position
        return decoded
    }

    private static func control(
        _ bytes: RawSpan, at offset: Int, end: Int, time: UInt64
    ) throws(DecodingError) -> Decoded {
        let kind = try byte(bytes, offset + 3, end, .controlKind)
        switch ControlKind(rawValue: kind) {
        case .generation:
            let generation = try number(bytes, offset + 4, end, .generation, as: UInt64.self)
            let stated = try number(bytes, offset + 12, end, .generationTime, as: UInt64.self)
            return Decoded(
                kind: .generation, offset: offset, next: offset + 20, time: time, words: (generation, stated, 0),
                payload: offset + 20..<offset + 20)
        case .lost:
            let count = try number(bytes, offset + 4, end, .lostCount, as: UInt64.self)
            return Decoded(
                kind: .lost, offset: offset, next: offset + 12, time: time, words: (count, 0, 0),
                payload: offset + 12..<offset + 12)
        case nil: throw DecodingError(.controlKind(kind), at: offset + 3)
        }
    }
}

/// Fields. A position is behind the field on return; on failure the error names the field's first byte.
extension CheckedDecoder {
    static func prefixVarint(_ bytes: RawSpan, _ position: inout Int, _ end: Int) throws(DecodingError) -> UInt64 {
        let first = try byte(bytes, position, end, .number)
        guard first != 0 else {
            let value = try number(bytes, position + 1, end, .number, as: UInt64.self)
            position += 9
            return value
        }
        let count = first.trailingZeroBitCount + 1
        return try number(bytes, &position, end, bytes: count) >> UInt64(count)
    }

    static func longText(
        _ bytes: RawSpan, _ position: inout Int, _ end: Int
    ) throws(DecodingError) -> (Range<Int>, Bool) {
        let length = try number(bytes, position, end, .textLength, as: UInt16.self)
        var start = position + 2
        let range = try take(Int(length & 0x7FFF), &start, end, .text)
        position = start
        return (range, length & 0x8000 != 0)
    }

    private static func take(
        _ count: Int, _ position: inout Int, _ end: Int, _ field: DecodingError.Field
    ) throws(DecodingError) -> Range<Int> {
        guard end - position >= count else { throw DecodingError(.truncated(field), at: position) }
        let start = position
        position += count
        return start..<position
    }

    private static func byte(
        _ bytes: RawSpan, _ position: Int, _ end: Int, _ field: DecodingError.Field
    ) throws(DecodingError) -> UInt8 {
        try number(bytes, position, end, field, as: UInt8.self)
    }

    private static func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: RawSpan, _ position: Int, _ end: Int, _ field: DecodingError.Field, as type: Number.Type
    ) throws(DecodingError) -> Number {
        guard end - position >= MemoryLayout<Number>.size else { throw DecodingError(.truncated(field), at: position) }
        // SAFETY: just checked against the batch's end, which is within the span.
        return Number(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: Number.self))
    }

    /// A number of 1 to 8 bytes.
    private static func number(
        _ bytes: RawSpan, _ position: inout Int, _ end: Int, bytes count: Int
    ) throws(DecodingError) -> UInt64 {
        var value: UInt64 = 0
        for offset in try take(count, &position, end, .number).reversed() {
            // SAFETY: as `take` has checked.
            value = value << 8 | UInt64(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
        }
        return value
    }
}
