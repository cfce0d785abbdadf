import TraceCore

/// Reads dense records one byte at a time, straight from docs/FORMAT.md: the oracle of the tests. Every byte has to make
/// sense, or it throws.
struct PlainDecoder {
    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    enum Payload: Hashable {
        case none
        case numbers([UInt64])
        case text([UInt8], isTruncated: Bool)
        case wide([UInt8])
    }

    enum Record: Hashable {
        case event(id: Int, time: UInt64, Payload)
        case generation(UInt64, time: UInt64)
        case lost(UInt64)
    }

    private let bytes: [UInt8]
    private var next = 0
    private var time: UInt64
    private var pendingDelta: UInt64 = 0
    private var pendingDigits = 0
    private let shape: (Int) -> RecordShape

    private init(_ bytes: [UInt8], baseTime: UInt64, shape: @escaping (Int) -> RecordShape) {
        self.bytes = bytes
        time = baseTime
        self.shape = shape
    }

    static func records(
        of bytes: [UInt8], baseTime: UInt64, shape: @escaping (Int) -> RecordShape
    ) throws -> [Record] {
        var decoder = PlainDecoder(bytes, baseTime: baseTime, shape: shape)
        var records: [Record] = []
        while decoder.next < bytes.count { if let record = try decoder.record() { records.append(record) } }
        guard decoder.pendingDigits == 0 else { throw Malformed(description: "a sync before nothing") }
        return records
    }

    private mutating func number(bytes count: Int) throws -> UInt64 {
        guard next + count <= bytes.count else {
            throw Malformed(description: "\(count) bytes at \(next) of \(bytes.count)")
        }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[next + index]) << (8 * UInt64(index)) }
        next += count
        return value
    }

    private mutating func take(_ count: Int) throws -> [UInt8] {
        guard next + count <= bytes.count else {
            throw Malformed(description: "\(count) bytes at \(next) of \(bytes.count)")
        }
        defer { next += count }
        return Array(bytes[next..<next + count])
    }

    /// Nil for a sync.
    private mutating func record() throws -> Record? {
        let id = Int(try number(bytes: 1))
        let delta = try number(bytes: 2)
        if id == 0 {
            guard pendingDigits < 3 else { throw Malformed(description: "four syncs before \(next)") }
            pendingDelta = pendingDelta << 16 | delta
            pendingDigits += 1
            return nil
        }
        time &+= pendingDelta << 16 | delta
        pendingDelta = 0
        pendingDigits = 0
        switch id {
        case 254:
            let kind = try number(bytes: 1)
            switch kind {
            case 1:
                let generation = try number(bytes: 8)
                let stated = try number(bytes: 8)
                guard stated == time else { throw Malformed(description: "time \(stated), by deltas \(time)") }
                return .generation(generation, time: time)
            case 2: return .lost(try number(bytes: 8))
            default: throw Malformed(description: "control \(kind) before \(next)")
            }
        case 255:
            let extended = Int(try number(bytes: 2))
            guard extended >= 254 else { throw Malformed(description: "extended id \(extended) before \(next)") }
            return .event(id: extended, time: time, try payload(shape(extended)))
        default: return .event(id: id, time: time, try payload(shape(id)))
        }
    }

    private mutating func payload(_ shape: RecordShape) throws -> Payload {
        switch shape {
        case .none: return .none
        case .one: return .numbers([try varint()])
        case .two:
            let control = Int(try number(bytes: 1))
            guard control & 0x88 == 0 else { throw Malformed(description: "control byte \(control)") }
            return .numbers([try number(bytes: control & 15 + 1), try number(bytes: control >> 4 + 1)])
        case .three:
            let control = Int(try number(bytes: 1))
            return .numbers([
                try number(bytes: control & 7 + 1), try number(bytes: (control >> 3) & 7 + 1),
                try number(bytes: 1 << (control >> 6)),
            ])
        case .text:
            let first = Int(try number(bytes: 1))
            if first <= 250 { return .text(try take(first), isTruncated: false) }
            guard first == 255 else { throw Malformed(description: "length byte \(first)") }
            let head = Int(try number(bytes: 2))
            return .text(try take(head & 0x7FFF), isTruncated: head & 0x8000 != 0)
        case .wide: return .wide(try take(Int(try number(bytes: 2))))
        }
    }

    private mutating func varint() throws -> UInt64 {
        guard next < bytes.count else { throw Malformed(description: "no varint at \(next)") }
        let first = bytes[next]
        if first == 0 {
            next += 1
            return try number(bytes: 8)
        }
        let count = first.trailingZeroBitCount + 1
        return try number(bytes: count) >> UInt64(count)
    }
}
