import Foundation
import Harness
import TraceCore

/// An event as it was meant.
struct NativeEvent {
    var schema: UInt16
    var time: UInt64 = 0
    var words: (UInt64, UInt64) = (0, 0)
    /// Bytes of a text.
    var text = 0
    var lane = 0
    var index: UInt64 = 0
    var batch = 0
    /// Where its record stands in the span.
    var record = 0..<0

    static let none: ClosedRange<UInt16> = 1...20
    static let one: ClosedRange<UInt16> = 21...30
    static let two: ClosedRange<UInt16> = 31...35
    static let text: ClosedRange<UInt16> = 36...38

    static let schemas: [EventSchema] = (1...38).map { (id: UInt16) in
        let fields: [FieldType] =
            none ~= id ? [] : one ~= id ? [.unsigned] : two ~= id ? [.pointer, .unsigned] : [.string]
        return EventSchema(
            id: id, name: "event \(id)", category: "bench",
            fields: fields.map { EventSchema.Field(name: "field", type: $0) })
    }

    init(_ mix: NativeTrace.Mix, _ random: inout SplitMix64) {
        let roll = mix == .oneArgument ? 60 : random.next() % 100
        let number = random.next() & 0xFFFFF >> (random.next() % 20)
        switch roll {
        case 0..<60: schema = Self.pick(Self.none, &random)
        case 60..<85:
            schema = Self.pick(Self.one, &random)
            words.0 = number
        case 85..<95:
            schema = Self.pick(Self.two, &random)
            words = (random.next() >> 16 | 1 << 47, number)
        default:
            schema = Self.pick(Self.text, &random)
            text = Int(12 + random.next() % 13)
        }
    }

    private static func pick(_ ids: ClosedRange<UInt16>, _ random: inout SplitMix64) -> UInt16 {
        ids.lowerBound + UInt16(random.next() % UInt64(ids.count))
    }

    /// Even over the logarithm. Units.
    static func gap(in range: ClosedRange<Double>, _ random: inout SplitMix64) -> UInt64 {
        let part = Double(random.next() >> 11) * 0x1p-53
        return UInt64(range.lowerBound * pow(range.upperBound / range.lowerBound, part))
    }
}

extension NativeSums {
    mutating func add(_ event: NativeEvent) {
        events &+= 1
        times &+= UInt64(event.schema) &+ event.time
        all ^= UInt64(event.schema) &+ event.time &+ event.words.0 &+ event.words.1 &+ UInt64(event.record.upperBound)
        order &+= all
    }
}

/// Writes dense records to a page, up to its end.
struct NativePage {
    private let page: UnsafeMutableRawPointer
    private let offset: Int
    private let size: Int
    private var position = BatchHeader.byteCount

    init(_ page: UnsafeMutableRawPointer, offset: Int, size: Int) {
        self.page = page
        self.offset = offset
        self.size = size
    }

    var byteCount: Int { position - BatchHeader.byteCount }

    /// False if 64 bytes are no longer free; else the event is told where its record stands.
    mutating func append(_ event: inout NativeEvent, after time: UInt64) -> Bool {
        guard position + 64 <= size else { return false }
        let start = position
        put(UInt64(event.schema), bytes: 1)
        put(event.time - time, bytes: 2)
        if NativeEvent.one ~= event.schema {
            let bytes = max(1, (70 - event.words.0.leadingZeroBitCount) / 7)
            put((event.words.0 << 1 | 1) << UInt64(bytes - 1), bytes: bytes)
        } else if NativeEvent.two ~= event.schema {
            let (first, second) = (Self.bytes(event.words.0), Self.bytes(event.words.1))
            put(UInt64((first - 1) | (second - 1) << 4), bytes: 1)
            put(event.words.0, bytes: first)
            put(event.words.1, bytes: second)
        } else if NativeEvent.text ~= event.schema {
            put(UInt64(event.text), bytes: 1)
            for _ in 0..<event.text { put(UInt64(UInt8(ascii: "x")), bytes: 1) }
        }
        event.record = offset + start..<offset + position
        return true
    }

    private static func bytes(_ value: UInt64) -> Int { max(1, (71 - value.leadingZeroBitCount) / 8) }

    private mutating func put(_ value: UInt64, bytes: Int) {
        for index in 0..<bytes {
            let byte = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
            page.storeBytes(of: byte, toByteOffset: position, as: UInt8.self)
            position += 1
        }
    }
}
