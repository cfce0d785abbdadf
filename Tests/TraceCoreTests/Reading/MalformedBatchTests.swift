import FuzzTargets
import Testing
import TraceCore

/// Each batch ends in front of memory that cannot be read, and the span reaches into it: a reader that looks one byte
/// beyond a batch's end crashes the tests.
@Suite struct MalformedBatchesReadWrongly {
    static let schemas = [
        schema(1, []), schema(2, [.unsigned]), schema(3, [.pointer, .signed]), schema(4, [.double, .boolean, .float]),
        schema(5, [.string]), schema(6, [.unsigned, .string, .unsigned]), schema(300, [.unsigned]),
    ]

    static func schema(_ id: UInt16, _ types: [FieldType]) -> EventSchema {
        EventSchema(
            id: id, name: "s", category: "c", fields: types.map { EventSchema.Field(name: "f", type: $0) })
    }

    static func items(_ random: inout TestRandom) -> [Item] {
        var time: UInt64 = 1000
        return (0..<14).map { _ in
            time += [0, 5, 70_000, 1 << 33, 1 << 50].randomElement(using: &random)!
            func number() -> Value {
                let shift = UInt64.random(in: 0...63, using: &random)
                return .number(UInt64.random(in: 0...UInt64.max, using: &random) >> shift)
            }
            func text() -> Value {
                .text(Array(repeating: 65, count: [0, 3, 30, 251].randomElement(using: &random)!), truncated: false)
            }
            let (id, fields): (UInt16, [Value]) =
                switch Int.random(in: 0..<9, using: &random) {
                case 0: (1, [])
                case 1: (2, [number()])
                case 2: (3, [number(), number()])
                case 3: (4, [number(), number(), number()])
                case 4: (5, [text()])
                case 5: (6, [number(), text(), number()])
                case 6: (300, [number()])
                case 7: (0, [])
                default: (0, [.number(1)])
                }
            if id == 0 { return fields.isEmpty ? .lost(3, time: time) : .generation(2, time: time) }
            return .event(schema: id, time: time, fields: fields)
        }
    }

    private static func encode(_ seed: UInt64) -> [UInt8] {
        var random = TestRandom(seed)
        var encoder = ReferenceEncoder(schemas, baseTime: 1000)
        for item in items(&random) { encoder.append(item) }
        return encoder.bytes
    }

    private static let header = BatchHeader(baseIndex: 7, generation: 1, baseTime: 1000)

    /// Alone, and behind four good batches that keep the interleaved scan going.
    private static func check(_ records: [UInt8], _ what: String) -> Bool {
        let good = headerBytes(header, byteCount: 120) + Array(repeating: [1, 1, 0], count: 40).flatMap { $0 }
        for before in [0, 4] {
            let bytes =
                Array(repeating: good, count: before).flatMap { $0 } + headerBytes(header, byteCount: records.count)
                + records
            let offsets = (0...before).map { $0 * good.count }
            let guarded = GuardedBytes(bytes)
            if let wrong = Agreement.failure(guarded, offsets, schemas, beyond: 4096) {
                Issue.record("\(what), \(before) before: \(wrong)\n\(records)")
                return false
            }
        }
        return true
    }

    @Test(arguments: 1..<5 as Range<UInt64>)
    func everyTruncation(_ seed: UInt64) {
        let bytes = Self.encode(seed)
        for count in 0...bytes.count where !Self.check(Array(bytes.prefix(count)), "seed \(seed), \(count) bytes") {
            return
        }
    }

    @Test(arguments: 1..<4 as Range<UInt64>)
    func everyByteMutated(_ seed: UInt64) {
        let bytes = Self.encode(seed).prefix(80)
        for index in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 250, 251, 254, 255, bytes[index] ^ 1, bytes[index] ^ 0x40] as [UInt8] {
                var mutated = Array(bytes)
                mutated[index] = value
                if !Self.check(mutated, "seed \(seed), byte \(index) = \(value)") { return }
            }
        }
    }

    @Test(arguments: 1..<9 as Range<UInt64>)
    func noise(_ block: UInt64) {
        for number in 0..<40 as Range<UInt64> {
            var random = TestRandom(block * 40 + number)
            let ids: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 254, 255]
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ -> UInt8 in
                Bool.random(using: &random) ? ids.randomElement(using: &random)! : .random(in: 0...255, using: &random)
            }
            if !Self.check(bytes, "noise \(block * 40 + number)") { return }
        }
    }

    /// What each kind of malformed record is called, and where it is found.
    @Test(
        arguments: [
            ([9, 0, 0], .unknownSchema(9), 0),
            ([255, 0, 0, 45, 1, 1], .unknownSchema(301), 3),
            ([255, 0, 0, 253, 0], .extendedID(253), 3),
            ([255, 0, 0, 44], .truncated(.schemaID), 3),
            ([254, 0, 0, 3], .controlKind(3), 3),
            ([254, 0, 0], .truncated(.controlKind), 3),
            ([254, 0, 0, 2, 1, 2, 3], .truncated(.lostCount), 4),
            ([254, 0, 0, 1] + zeros(8), .truncated(.generationTime), 12),
            ([1, 0, 0, 254, 1, 0, 1] + zeros(16), .generationTime(stated: 0), 15),
            ([3, 0, 0, 0x08, 1, 1], .numberLengths(0x08), 3),
            ([3, 0, 0, 0x80, 1, 1], .numberLengths(0x80), 3),
            ([3, 0, 0, 0x11, 1, 1, 1], .truncated(.number), 6),
            ([5, 0, 0, 251] + zeros(300), .textLength(251), 3),
            ([5, 0, 0, 9, 1], .truncated(.text), 4),
            ([5, 0, 0, 255, 9], .truncated(.textLength), 4),
            ([6, 0, 0, 9, 0, 1], .truncated(.wide), 5),
            ([1, 0], .truncated(.record), 1),
            ([1, 0, 0, 0, 1, 0], .truncated(.record), 6),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0], .syncCount, 9),
            ([0, 255, 255, 0, 255, 255, 0, 255, 255, 1, 255, 255], .timeOverflow, 9),
        ] as [([UInt8], DecodingError.Reason, Int)])
    func isNamed(_ records: [UInt8], _ reason: DecodingError.Reason, _ offset: Int) throws {
        let guarded = GuardedBytes(headerBytes(Self.header, byteCount: records.count) + records)
        let shapes = ShapeTable(Self.schemas)
        let error = try guarded.withSpan { Readers.cursor(try Batch(at: 0, in: $0), $0, shapes).error }
        #expect(error == DecodingError(reason, at: 64 + offset))
        _ = Self.check(records, "named")
    }

    private static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

    @Test func headers() throws {
        let whole = headerBytes(BatchHeader(timeShift: 16), byteCount: 3) + [1, 0, 0]
        func error(_ change: (inout [UInt8]) -> Void, byteCount: Int? = nil) -> DecodingError? {
            var bytes = whole
            change(&bytes)
            return GuardedBytes(bytes).withSpan { span in
                do throws(DecodingError) {
                    _ = try Batch(at: 0, in: span, byteCount: byteCount)
                    return nil
                } catch {
                    return error
                }
            }
        }
        #expect(error { _ in } == nil)
        #expect(error { $0[0] ^= 1 } == DecodingError(.magic, at: 0))
        #expect(error { $0[4] = 2 } == DecodingError(.encoding(2), at: 4))
        #expect(error { $0[6] = 17 } == DecodingError(.timeShift(17), at: 6))
        #expect(error { $0[7] = 1 } == DecodingError(.flags(1), at: 7))
        #expect(error { $0[56] = 4 } == DecodingError(.byteCount(4, available: 3), at: 56))
        #expect(error({ _ in }, byteCount: 4) == DecodingError(.byteCount(4, available: 3), at: 56))
        #expect(error({ $0[56] = 0 }, byteCount: 3) == nil)
        for count in 0..<64 {
            #expect(error { $0.removeLast($0.count - count) } == DecodingError(.truncated(.header), at: 0))
        }
    }
}
