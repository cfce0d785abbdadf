internal import TraceCore

/// An event of a schema whose fields are at most three numbers, as bytes in which only its time, track and values are missing.
///
/// ```
///   packet, length | timestamp | sequence, flags | event, length | prefix | track | annotation, length, name, tag | value ...
/// ```
///
/// Plain bytes without a reference, so that nothing is counted when one is used. Invariants:
///
/// 1. A packet takes less than 128 bytes behind its length: 16 of head, 11 of prefix, 10 of track, and for each of three
///    fields 8 and 10 of value. Otherwise its length would take two bytes, and a template leaves one.
/// 2. All stores of a packet lie in `room` bytes, those behind its end included. Otherwise they would hit foreign memory.
struct PerfettoTemplate {
    struct Field {
        /// The annotation's tag, a byte for its length, its name, and the value's tag.
        var prefix = SIMD16<UInt8>()
        var prefixByteCount = 0
        var type = FieldType.unsigned
    }

    /// Up to the track's tag.
    private(set) var prefix = SIMD16<UInt8>()
    private(set) var prefixByteCount = 0
    private(set) var fields = (Field(), Field(), Field())
    private(set) var fieldCount = 0
    private var isComplete = false

    static var room: Int { 192 }

    /// Takes no event.
    init() {}

    init(_ plan: PerfettoPlan) {
        prefix = plan.prefix
        prefixByteCount = plan.prefixByteCount + 1
        prefix[plan.prefixByteCount] = UInt8(PerfettoField.Event.track.tag(.varint))
        fieldCount = plan.fields.count
        isComplete = fieldCount <= 3 && plan.fields.allSatisfy { $0.type != .string && $0.type != .staticString }
        guard isComplete else { return }
        let made = plan.fields.map(Self.field)
        if fieldCount > 0 { fields.0 = made[0] }
        if fieldCount > 1 { fields.1 = made[1] }
        if fieldCount > 2 { fields.2 = made[2] }
    }

    private static func field(_ field: PerfettoPlan.Field) -> Field {
        let tag =
            switch field.type {
            case .unsigned, .string, .staticString: PerfettoField.Annotation.unsigned.tag(.varint)
            case .signed: PerfettoField.Annotation.signed.tag(.varint)
            case .boolean: PerfettoField.Annotation.boolean.tag(.varint)
            case .pointer: PerfettoField.Annotation.pointer.tag(.varint)
            case .double, .float: PerfettoField.Annotation.double.tag(.fixed64)
            }
        var made = Field(type: field.type)
        made.prefix[0] = UInt8(PerfettoField.Event.annotations.tag(.bytes))
        for place in 0..<field.prefixByteCount { made.prefix[2 + place] = field.prefix[place] }
        made.prefix[2 + field.prefixByteCount] = UInt8(tag)
        made.prefixByteCount = 3 + field.prefixByteCount
        return made
    }

    /// Whether a record of this shape has no more than the template.
    @inline(__always)
    func takes(_ shape: RecordShape) -> Bool {
        switch shape {
        case .none: isComplete && fieldCount == 0
        case .one, .two, .three: isComplete
        case .text, .wide: false
        }
    }
}

extension PerfettoPackets {
    /// A whole packet.
    @inline(__always)
    mutating func put(
        _ template: borrowing PerfettoTemplate, track: UInt64, at time: UInt64, _ words: (UInt64, UInt64, UInt64)
    ) {
        // The tags and values of sequence and flags, the event's tag, and its length, which is filled in.
        let middle =
            PerfettoField.Packet.sequence.tag(.varint) | Self.sequence << 8
            | PerfettoField.Packet.sequenceFlags.tag(.varint) << 16 | PerfettoValue.needsState << 24
            | PerfettoField.Packet.event.tag(.bytes) << 32
        let start = output.reserved(PerfettoTemplate.room)
        // SAFETY: see invariants 1 and 2: all stores lie in the room.
        start.storeBytes(of: UInt8(PerfettoField.Trace.packet.tag(.bytes)), as: UInt8.self)
        start.storeBytes(
            of: UInt8(PerfettoField.Packet.timestamp.tag(.varint)), toByteOffset: 2, as: UInt8.self)
        var end = storeVarint(time, at: start + 3)
        end.storeBytes(of: middle.littleEndian, as: UInt64.self)
        let body = end + 6
        body.storeBytes(of: template.prefix, as: SIMD16<UInt8>.self)
        end = storeVarint(track, at: body + template.prefixByteCount)
        if template.fieldCount > 0 { end = store(template.fields.0, words.0, at: end) }
        if template.fieldCount > 1 { end = store(template.fields.1, words.1, at: end) }
        if template.fieldCount > 2 { end = store(template.fields.2, words.2, at: end) }
        body.storeBytes(of: UInt8(truncatingIfNeeded: end - body), toByteOffset: -1, as: UInt8.self)
        start.storeBytes(of: UInt8(truncatingIfNeeded: end - start &- 2), toByteOffset: 1, as: UInt8.self)
        output.advance(to: end)
    }
}

/// Stores an annotation and returns its end.
@inline(__always)
private func store(
    _ field: PerfettoTemplate.Field, _ word: UInt64, at start: UnsafeMutableRawPointer
) -> UnsafeMutableRawPointer {
    start.storeBytes(of: field.prefix, as: SIMD16<UInt8>.self)
    let place = start + field.prefixByteCount
    let end =
        switch field.type {
        case .unsigned, .pointer, .string, .staticString: storeVarint(word, at: place)
        case .signed: storeVarint(UInt64(bitPattern: FieldType.signed(word: word)), at: place)
        case .boolean: storeVarint(word == 0 ? 0 : 1, at: place)
        case .double: storeFixed(FieldType.double(word: word).bitPattern, at: place)
        case .float: storeFixed(Double(FieldType.float(word: word)).bitPattern, at: place)
        }
    start.storeBytes(of: UInt8(truncatingIfNeeded: end - start &- 2), toByteOffset: 1, as: UInt8.self)
    return end
}

@inline(__always)
private func storeFixed(_ number: UInt64, at place: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    place.storeBytes(of: number.littleEndian, as: UInt64.self)
    return place + 8
}

/// Stores LEB128 and returns its end. Writes eight bytes, or ten for a number of more than 56 bits.
@inline(__always)
private func storeVarint(_ number: UInt64, at place: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    guard number < 1 << 56 else { return storeLongVarint(number, at: place) }
    let count = varintByteCount(number)
    // Seven bits a byte: halves, quarters and eighths are moved apart.
    var spread = number & 0xFFF_FFFF | (number & 0xFF_FFFF_F000_0000) << 4
    spread = spread & 0x3FFF_0000_3FFF | (spread & 0xFFF_C000_0FFF_C000) << 2
    spread = spread & 0x7F_007F_007F_007F | (spread & 0x3F80_3F80_3F80_3F80) << 1
    // All bytes but the last have their highest bit set.
    let more = 0x8080_8080_8080_8080 & ((1 as UInt64) &<< UInt64(8 &* (count &- 1)) &- 1)
    place.storeBytes(of: (spread | more).littleEndian, as: UInt64.self)
    return place + count
}

@inline(never)
private func storeLongVarint(_ number: UInt64, at place: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    var (rest, end) = (number, place)
    while rest >= 0x80 {
        end.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
        end += 1
        rest >>= 7
    }
    end.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
    return end + 1
}
