import FuzzTargets
import TraceCore

/// Batches of random schemas and items, and how to make them smaller.
struct Sample {
    struct Part {
        var header: BatchHeader
        var items: [Item]
        var padding = 0
    }

    var schemas: [EventSchema]
    var parts: [Part]

    /// Headers and records one after the other, and where each batch's header begins.
    func encoded() -> (bytes: [UInt8], offsets: [Int]) {
        var bytes: [UInt8] = []
        var offsets: [Int] = []
        for part in parts {
            var encoder = ReferenceEncoder(schemas, baseTime: part.header.baseTime)
            encoder.padding = part.padding
            for item in part.items { encoder.append(item) }
            offsets.append(bytes.count)
            bytes += headerBytes(part.header, byteCount: encoder.bytes.count) + encoder.bytes
        }
        return (bytes, offsets)
    }

    /// All samples that are one step smaller.
    func smaller() -> [Sample] {
        var all: [Sample] = []
        for part in parts.indices where parts.count > 1 {
            all.append(self)
            all[all.count - 1].parts.remove(at: part)
        }
        for part in parts.indices {
            let count = parts[part].items.count
            var length = count
            while length > 0 {
                for start in stride(from: 0, to: count, by: length) {
                    all.append(self)
                    all[all.count - 1].parts[part].items.removeSubrange(start..<min(count, start + length))
                }
                length /= 2
            }
        }
        return all
    }

    /// Shrinks a failing sample as long as it fails.
    func shrunk(while fails: (Sample) -> Bool) -> Sample {
        var sample = self
        while let next = sample.smaller().first(where: fails) { sample = next }
        return sample
    }
}

/// Marsaglia's xorshift64*.
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

extension Sample {
    static func random(_ random: inout TestRandom) -> Sample {
        var ids = Set<UInt16>([1, 253, 254, 255].shuffled(using: &random).prefix(2))
        for _ in 0..<Int.random(in: 1...12, using: &random) { ids.insert(.random(in: 1...300, using: &random)) }
        let schemas = ids.sorted().map { id in
            let count = [0, 0, 1, 1, 1, 2, 3, 4, 7].randomElement(using: &random)!
            let types = (0..<count).map { _ in FieldType.allCases.randomElement(using: &random)! }
            return EventSchema(
                id: id, name: "s", category: "c", fields: types.map { EventSchema.Field(name: "f", type: $0) })
        }
        let lanes = [1, 1, 2, 5, 9].randomElement(using: &random)!
        let start = UInt64.random(in: 0...1 << 40, using: &random)
        var parts: [Part] = []
        for number in 0..<Int.random(in: 1...12, using: &random) {
            let header = BatchHeader(
                ticket: UInt64(number), baseIndex: .random(in: (1 << 48 - 5)..<1 << 48, using: &random),
                generation: .random(in: 1...5, using: &random),
                baseTime: start + .random(in: 0...500, using: &random) * .random(in: 0...500, using: &random),
                lane: .random(in: 0..<UInt32(lanes), using: &random))
            let count = [0, 1, 10, 100, 1000].randomElement(using: &random)!
            parts.append(Part(header: header, items: []))
            parts[number].padding = [0, 0, 1, 8].randomElement(using: &random)!
            parts[number].items = items(count, from: header.baseTime, schemas, &random)
        }
        return Sample(schemas: schemas, parts: parts)
    }

    private static func items(
        _ count: Int, from start: UInt64, _ schemas: [EventSchema], _ random: inout TestRandom
    ) -> [Item] {
        var time = start
        let long = Int.random(in: 0...3, using: &random) == 0
        return (0..<count).map { _ in
            let roll = Int.random(in: 0..<1000, using: &random)
            switch roll {
            case 0..<300: break
            case 300..<950: time += .random(in: 0...300, using: &random)
            case 950..<970: time += .random(in: 0...70_000, using: &random)
            case 970..<974 where long: time += .random(in: 0...1 << 33, using: &random)
            case 974..<976 where long: time += .random(in: 0...1 << 50, using: &random)
            default: time += 1
            }
            switch Int.random(in: 0..<100, using: &random) {
            case 0: return .generation(.random(in: 1...9, using: &random), time: time)
            case 1: return .lost(.random(in: 0...1000, using: &random), time: time)
            default:
                let schema = schemas.randomElement(using: &random)!
                return .event(
                    schema: schema.id, time: time, fields: schema.fields.map { value($0.type, &random) })
            }
        }
    }

    private static func value(_ type: FieldType, _ random: inout TestRandom) -> Value {
        guard type == .string else {
            let bits = UInt64.random(in: 0...64, using: &random)
            return .number(bits == 0 ? 0 : .random(in: 0...UInt64.max, using: &random) >> (64 - bits))
        }
        let count = [0, 1, 12, 24, 28, 29, 30, 100, 250, 251, 256, 1024].randomElement(using: &random)!
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        return .text(bytes, truncated: count == 1024 && Bool.random(using: &random))
    }
}
