/// A second decoder, written to be obviously right: a byte at a time, optionals and arrays, no code shared with the
/// scanner. It knows whether a trace is accepted and what it holds, not why it is refused.
public struct ReferenceGoDecoder {
    public struct Result: Equatable {
        public internal(set) var generations = 0
        public internal(set) var batches = 0
        public internal(set) var counts: [UInt8: UInt64] = [:]
    }

    private static let eventsByArgumentCount: [Int: [UInt8]] = [
        1: [11, 17, 18, 23, 24, 27, 36],
        2: [15, 28, 30, 31, 32, 34, 35, 37, 38, 39, 130, 133, 136],
        3: [9, 10, 13, 16, 19, 20, 22, 26, 29, 33, 41, 45, 46, 131, 132, 134, 135],
        4: [12, 14, 21, 25, 42, 43, 47, 128, 129],
        5: [40, 44, 48],
    ]

    private var rest: ArraySlice<UInt8>
    private let minor: Int
    private var result = Result()

    // The open generation; 0 is none.
    private var generation: UInt64 = 0
    private var frequencies = 0
    private var snapshots = 0

    /// What `bytes` holds, or nil if it is refused.
    public static func decode(_ bytes: [UInt8]) -> Result? {
        for minor in [22, 23, 25, 26] where bytes.starts(with: Array("go 1.\(minor) trace\0\0\0".utf8)) {
            var decoder = ReferenceGoDecoder(rest: bytes[16...], minor: minor)
            return decoder.trace() ? decoder.result : nil
        }
        return nil
    }

    private init(rest: ArraySlice<UInt8>, minor: Int) {
        self.rest = rest
        self.minor = minor
    }

    private mutating func trace() -> Bool {
        while !rest.isEmpty {
            guard batch() else { return false }
        }
        return minor >= 26 ? generation == 0 : close()
    }

    private mutating func close() -> Bool {
        guard frequencies == 1, minor < 25 || snapshots == 1 else { return false }
        result.generations += 1
        (generation, frequencies, snapshots) = (0, 0, 0)
        return true
    }

    private mutating func batch() -> Bool {
        let kind = rest.removeFirst()
        result.counts[kind, default: 0] += 1
        if kind == 52 { return minor >= 26 && close() }
        guard kind == 1 || (kind == 49 && minor >= 23) else { return false }
        var experiment: UInt8 = 0
        if kind == 49 {
            guard let byte = rest.popFirst() else { return false }
            experiment = byte
        }
        guard let number = varint(&rest), varint(&rest) != nil, varint(&rest) != nil, let size = varint(&rest),
            size <= 65536, size <= UInt64(rest.count), number != 0
        else { return false }
        if generation != 0, number != generation {
            guard minor < 26, number == generation &+ 1, close() else { return false }
        }
        generation = number
        var data = rest.prefix(Int(size))
        rest = rest.dropFirst(Int(size))
        result.batches += 1
        return experiment != 0 || records(&data)
    }

    private mutating func records(_ data: inout ArraySlice<UInt8>) -> Bool {
        guard let first = data.first else { return true }
        let entries: [UInt8]
        switch first {
        case 4: entries = [5]
        case 2: entries = [3]
        case 6: entries = [7]
        case 50 where minor >= 25: entries = [8, 51]
        case 8 where minor < 25: entries = [8]
        default: entries = []
        }
        if !entries.isEmpty, first != 8 {
            data.removeFirst()
            result.counts[first, default: 0] += 1
        }
        while let kind = data.popFirst() {
            guard entries.isEmpty ? event(kind, &data) : entries.contains(kind) && entry(kind, &data) else {
                return false
            }
            result.counts[kind, default: 0] += 1
        }
        return true
    }

    private func event(_ kind: UInt8, _ data: inout ArraySlice<UInt8>) -> Bool {
        guard kind <= 44 || (minor >= 23 && (kind <= 48 || kind >= 128)),
            let count = Self.eventsByArgumentCount.first(where: { $0.value.contains(kind) })?.key
        else { return false }
        return varints(count, &data)
    }

    private mutating func entry(_ kind: UInt8, _ data: inout ArraySlice<UInt8>) -> Bool {
        switch kind {
        case 3:
            guard varint(&data) != nil, let depth = varint(&data), depth <= 128 else { return false }
            return varints(4 * Int(depth), &data)
        case 5:
            guard varint(&data) != nil, let size = varint(&data), size <= 1024, size <= UInt64(data.count) else {
                return false
            }
            data = data.dropFirst(Int(size))
            return true
        case 7:
            return varints(5, &data)
        case 8:
            frequencies += 1
            return frequencies == 1 && varint(&data) != nil
        default:
            snapshots += 1
            return snapshots == 1 && varints(4, &data)
        }
    }

    private func varints(_ count: Int, _ data: inout ArraySlice<UInt8>) -> Bool {
        for _ in 0..<count where varint(&data) == nil { return false }
        return true
    }

    private func varint(_ data: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let byte = data.popFirst() else { return nil }
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
