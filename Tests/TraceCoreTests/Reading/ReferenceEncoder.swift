import TraceCore

/// What a test writes into a batch.
enum Item: Hashable {
    /// Fields: numbers as words, strings as bytes.
    case event(schema: UInt16, time: UInt64, fields: [Value])
    case generation(UInt64, time: UInt64)
    case lost(UInt64, time: UInt64)

    var time: UInt64 {
        switch self {
        case .event(_, let time, _), .generation(_, let time), .lost(_, let time): time
        }
    }
}

enum Value: Hashable {
    case number(UInt64)
    case text([UInt8], truncated: Bool)
}

/// Writes batches byte by byte from docs/FORMAT.md: to be read, not to be fast.
struct ReferenceEncoder {
    var bytes: [UInt8] = []
    /// Where each item begins, syncs included.
    var starts: [Int] = []
    private var time: UInt64
    private let schemas: [UInt16: EventSchema]
    /// How many bytes too many a number takes, as far as its field allows.
    var padding = 0

    init(_ schemas: [EventSchema], baseTime: UInt64) {
        self.schemas = Dictionary(uniqueKeysWithValues: schemas.map { ($0.id, $0) })
        time = baseTime
    }

    mutating func append(_ item: Item) {
        starts.append(bytes.count)
        // A clock that went backward is clamped.
        let delta = item.time > time ? item.time - time : 0
        time += delta
        let digits = (0..<4).map { UInt16(truncatingIfNeeded: delta >> (16 * $0)) }
        let highest = digits.lastIndex { $0 != 0 } ?? 0
        for digit in digits[1..<max(1, highest + 1)].reversed() {
            bytes.append(0)
            put(UInt64(digit), 2)
        }
        switch item {
        case .generation(let number, _):
            bytes.append(254)
            put(delta & 0xFFFF, 2)
            bytes.append(1)
            put(number, 8)
            put(time, 8)
        case .lost(let count, _):
            bytes.append(254)
            put(delta & 0xFFFF, 2)
            bytes.append(2)
            put(count, 8)
        case .event(let schema, _, let fields):
            bytes.append(schema < 254 ? UInt8(schema) : 255)
            put(delta & 0xFFFF, 2)
            if schema >= 254 { put(UInt64(schema), 2) }
            payload(fields, schemas[schema]!.shape)
        }
    }

    private mutating func payload(_ fields: [Value], _ shape: RecordShape) {
        let numbers = fields.map { if case .number(let value) = $0 { value } else { UInt64(0) } }
        switch shape {
        case .none: break
        case .one: varint(numbers[0])
        case .two:
            let first = min(8, Self.bytes(numbers[0]) + padding)
            let second = min(8, Self.bytes(numbers[1]) + padding)
            bytes.append(UInt8((first - 1) + (second - 1) * 16))
            put(numbers[0], first)
            put(numbers[1], second)
        case .three:
            let first = min(8, Self.bytes(numbers[0]) + padding)
            let second = min(8, Self.bytes(numbers[1]) + padding)
            let log = [0, 1, 2, 3].first { 1 << $0 >= min(8, Self.bytes(numbers[2]) + padding) }!
            bytes.append(UInt8((first - 1) + (second - 1) * 8 + log * 64))
            put(numbers[0], first)
            put(numbers[1], second)
            put(numbers[2], 1 << log)
        case .text:
            guard case .text(let text, let truncated) = fields[0] else { fatalError() }
            if text.count <= 250, !truncated, padding == 0 {
                bytes.append(UInt8(text.count))
                bytes += text
            } else {
                bytes.append(255)
                longText(text, truncated)
            }
        case .wide:
            let length = bytes.count
            put(0, 2)
            for field in fields {
                switch field {
                case .number(let value): varint(value)
                case .text(let text, let truncated): longText(text, truncated)
                }
            }
            let count = bytes.count - length - 2
            bytes[length] = UInt8(count & 0xFF)
            bytes[length + 1] = UInt8(count >> 8)
        }
    }

    private mutating func longText(_ text: [UInt8], _ truncated: Bool) {
        put(UInt64(text.count | (truncated ? 1 << 15 : 0)), 2)
        bytes += text
    }

    private mutating func varint(_ value: UInt64) {
        let needed = (1...8).first { $0 * 7 >= 64 - value.leadingZeroBitCount } ?? 9
        let count = min(9, needed + padding)
        if count == 9 {
            bytes.append(0)
            put(value, 8)
        } else {
            put(((value << 1) | 1) << UInt64(count - 1), count)
        }
    }

    private mutating func put(_ value: UInt64, _ count: Int) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    private static func bytes(_ value: UInt64) -> Int { (1...8).first { $0 == 8 || value < 1 << (8 * UInt64($0)) }! }
}
