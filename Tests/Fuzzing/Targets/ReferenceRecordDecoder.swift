internal import TraceCore

/// What an event came to, wherever it was found.
public struct Found: Hashable, Sendable {
    public var schema: UInt16
    public internal(set) var time: UInt64
    public internal(set) var index: UInt64
    public internal(set) var generation: UInt64
    public internal(set) var offset: Int
    /// Numbers of shapes up to three; for a loss the count.
    public internal(set) var words: [UInt64] = []
    public internal(set) var payload: Range<Int>?
    public internal(set) var isTruncated = false
}

/// The oracle: another decoder of docs/FORMAT.md, over an array, that looks at one byte after the other.
struct ReferenceRecordDecoder {
    struct Malformed: Error {}

    private let bytes: ArraySlice<UInt8>
    private let shapes: [UInt16: RecordShape]
    private var position: Int

    /// All events of the records in `bytes`, and whether something malformed follows them.
    static func decode(
        _ bytes: ArraySlice<UInt8>, _ header: BatchHeader, _ schemas: [EventSchema]
    ) -> (found: [Found], isMalformed: Bool) {
        var decoder = ReferenceRecordDecoder(
            bytes: bytes, shapes: Dictionary(schemas.map { ($0.id, $0.shape) }) { $1 }, position: bytes.startIndex)
        var found: [Found] = []
        do {
            try decoder.all(header) { found.append($0) }
            return (found, false)
        } catch {
            return (found, true)
        }
    }

    private mutating func all(_ header: BatchHeader, _ body: (Found) -> Void) throws {
        var (time, index, generation) = (header.baseTime, header.baseIndex, header.generation)
        var isFirst = true
        while position < bytes.endIndex {
            var delta: UInt64 = 0
            var syncs = 0
            while bytes[position] == 0 {
                position += 1
                delta = (delta + (try number(2))) << 16
                syncs += 1
                if syncs > 3 || position == bytes.endIndex { throw Malformed() }
            }
            let offset = position
            let id = try number(1)
            delta += try number(2)
            let (sum, overflow) = time.addingReportingOverflow(delta)
            if id == 254 {
                switch try number(1) {
                case 1:
                    generation = try number(8)
                    let stated = try number(8)
                    if !(stated == sum && !overflow), !(isFirst && stated == time) { throw Malformed() }
                    time = stated
                case 2:
                    let count = try number(8)
                    if overflow { throw Malformed() }
                    time = sum
                    body(
                        Found(
                            schema: 0, time: time, index: index, generation: generation, offset: offset,
                            words: [count]))
                    index = (index &+ count) & (1 << 48 - 1)
                default: throw Malformed()
                }
                isFirst = false
                continue
            }
            var schema = UInt16(id)
            if id == 255 {
                schema = UInt16(try number(2))
                if schema < 254 { throw Malformed() }
            }
            guard let shape = shapes[schema] else { throw Malformed() }
            var event = Found(schema: schema, time: sum, index: index, generation: generation, offset: offset)
            try payload(shape, &event)
            if overflow { throw Malformed() }
            time = sum
            body(event)
            index = (index + 1) & (1 << 48 - 1)
            isFirst = false
        }
    }

    private mutating func payload(_ shape: RecordShape, _ event: inout Found) throws {
        switch shape {
        case .none: break
        case .one: event.words = [try varint()]
        case .two:
            let lengths = Int(try number(1))
            if lengths % 16 > 7 || lengths / 16 > 7 { throw Malformed() }
            event.words = [try number(lengths % 16 + 1), try number(lengths / 16 + 1)]
        case .three:
            let lengths = Int(try number(1))
            event.words = [
                try number(lengths % 8 + 1), try number(lengths / 8 % 8 + 1), try number([1, 2, 4, 8][lengths / 64]),
            ]
        case .text:
            var length = Int(try number(1))
            if length == 255 {
                length = Int(try number(2))
                event.isTruncated = length >= 32768
                length %= 32768
            } else if length > 250 {
                throw Malformed()
            }
            event.payload = try take(length)
        case .wide: event.payload = try take(Int(number(2)))
        }
    }

    private mutating func varint() throws -> UInt64 {
        guard position < bytes.endIndex else { throw Malformed() }
        let first = bytes[position]
        if first == 0 {
            position += 1
            return try number(8)
        }
        let count = (1...8).first { Int(first) % (1 << $0) != 0 }!
        return try number(count) >> UInt64(count)
    }

    private mutating func take(_ count: Int) throws -> Range<Int> {
        guard bytes.endIndex - position >= count else { throw Malformed() }
        position += count
        return position - count..<position
    }

    private mutating func number(_ count: Int) throws -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
    }
}
