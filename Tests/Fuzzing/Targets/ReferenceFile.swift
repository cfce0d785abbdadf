/// A second reader of native files, written from docs/FORMAT.md to be obviously right: slices of an array, a byte at a time, no
/// code shared with the first. It knows how far a file is good and what stands there, not why it ends there.
struct ReferenceFile: Equatable {
    /// Of each batch, where its records stand.
    private(set) var batches: [Range<Int>] = []
    private(set) var generations: [UInt64] = []
    private(set) var schemaIDs: Set<Int> = []
    private(set) var strings: [Int: [UInt8]] = [:]
    private(set) var threads = 0
    private(set) var openSpans = 0
    private(set) var snapshots = 0
    private(set) var lost: UInt64 = 0
    private(set) var isWhole = false
    /// Of the first chunk that is not good; for a file that is whole its length.
    private(set) var end = 0

    private struct Bad: Error {}

    /// Nil where the header is none of a native file.
    init?(_ bytes: [UInt8]) {
        var header = Fields(bytes, 0..<bytes.count)
        guard bytes.starts(with: [0x89, 0x46, 0x52, 0x45, 0x43, 0x0D, 0x0A, 0x1A]), bytes.count >= 64 else {
            return nil
        }
        do {
            _ = try header.take(8)
            guard try header.number(2) == 1 else { return nil }
            _ = try header.number(2)
            let length = try header.number(4)
            let rate = try header.number(8)
            _ = try header.number(4)
            guard length >= 64, length % 8 == 0, length <= UInt64(bytes.count), rate >= 1, rate <= 1_000_000_000_000,
                try header.number(4) <= 16
            else { return nil }
            end = Int(length)
        } catch {
            return nil
        }
        var file = Contents()
        while end < bytes.count {
            var chunk = Fields(bytes, end..<bytes.count)
            guard let kind = try? chunk.number(4), let length = try? chunk.number(4), kind != 0,
                let payload = try? chunk.take(Int(length)), (try? chunk.take((8 - Int(length) % 8) % 8)) != nil
            else { return }
            guard (try? add(kind, Fields(bytes, payload), &file)) != nil else { return }
            end = chunk.rest.lowerBound
            if file.isEnded {
                isWhole = end == bytes.count
                return
            }
        }
    }

    /// What is known of the file besides what it holds.
    private struct Contents {
        var events: UInt64 = 0
        var schemas: [Int: [UInt8]] = [:]
        var isInsideGeneration = false
        var isEnded = false
    }

    private mutating func add(_ kind: UInt64, _ fields: Fields, _ file: inout Contents) throws {
        var fields = fields
        switch kind {
        case 1:
            for _ in 0..<(try fields.count(8)) {
                let start = fields.rest.lowerBound
                let id = Int(try fields.number(2))
                guard id > 0, (1...9).contains(try fields.number(1)) else { throw Bad() }
                let count = try fields.number(1)
                // Two that differ in nothing but bytes that are repaired alike are the same.
                var text = try fields.text() + [0xFF] + fields.text()
                for _ in 0..<count {
                    guard (1...8).contains(try fields.number(1)) else { throw Bad() }
                    text +=
                        try [0xFF, fields.bytes[fields.rest.lowerBound - 1]] + fields.text() + [0xFF] + fields.text()
                }
                text.append(fields.bytes[start + 2])
                guard file.schemas[id, default: text] == text else { throw Bad() }
                file.schemas[id] = text
                schemaIDs.insert(id)
            }
        case 2:
            for _ in 0..<(try fields.count(6)) {
                let number = Int(try fields.number(4))
                let text = try fields.text()
                guard strings[number, default: text] == text else { throw Bad() }
                strings[number] = text
            }
        case 3:
            let count = try fields.count(10)
            for _ in 0..<count {
                _ = try fields.take(8)
                _ = try fields.text()
            }
            threads += count
        case 4: _ = try fields.take(32)
        case 5:
            let header = Fields(fields.bytes, try fields.take(64))
            guard Array(header.bytes[header.rest.prefix(4)]) == Array("BTCH".utf8),
                header.little(at: 56, 4) == UInt64(fields.rest.count)
            else { throw Bad() }
            batches.append(fields.rest)
            file.isInsideGeneration = true
        case 6:
            let generation = try fields.number(8)
            guard generations.last.map({ $0 < generation }) ?? true else { throw Bad() }
            _ = try fields.take(32)
            var (events, gaps) = (file.events, lost)
            for _ in 0..<(try fields.count(20)) {
                _ = try fields.take(8)
                events &+= try fields.number(8)
                for _ in 0..<(try fields.count(16)) {
                    _ = try fields.take(8)
                    gaps &+= try fields.number(8)
                }
            }
            (file.events, lost) = (events, gaps)
            generations.append(generation)
            file.isInsideGeneration = false
        case 7:
            guard try fields.number(8) == UInt64(batches.count), try fields.number(8) == file.events,
                try fields.number(8) == lost, !file.isInsideGeneration
            else { throw Bad() }
            file.isEnded = true
        case 8:
            let count = try fields.count(32)
            _ = try fields.take(32 * count)
            openSpans += count
        case 9:
            _ = try fields.take(16)
            guard (1...4).contains(try fields.number(4)) else { throw Bad() }
            _ = try fields.take(4 + 9 * 8)
            _ = try fields.text()
            _ = try fields.text()
            snapshots += 1
        default: break
        }
    }

    private struct Fields {
        let bytes: [UInt8]
        private(set) var rest: Range<Int>

        init(_ bytes: [UInt8], _ range: Range<Int>) { (self.bytes, rest) = (bytes, range) }

        mutating func take(_ count: Int) throws -> Range<Int> {
            guard count <= rest.count else { throw Bad() }
            defer { rest = rest.lowerBound + count..<rest.upperBound }
            return rest.lowerBound..<rest.lowerBound + count
        }

        func little(at offset: Int, _ count: Int) -> UInt64 {
            (0..<count).reversed().reduce(0) { $0 << 8 | UInt64(bytes[rest.lowerBound + offset + $1]) }
        }

        mutating func number(_ count: Int) throws -> UInt64 {
            try take(count).reversed().reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
        }

        /// Of entries of at least so many bytes.
        mutating func count(_ minimum: Int) throws -> Int {
            let count = Int(try number(4))
            guard count <= rest.count / minimum else { throw Bad() }
            return count
        }

        /// UTF-8, repaired.
        mutating func text() throws -> [UInt8] {
            let length = Int(try number(2))
            guard length <= 4096 else { throw Bad() }
            return Array(String(decoding: bytes[try take(length)], as: UTF8.self).utf8)
        }
    }
}
