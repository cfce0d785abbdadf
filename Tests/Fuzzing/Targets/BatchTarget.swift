public import TraceCore

extension FuzzTarget {
    /// All readers of records: one at a time, in bulk, and merged, against the reference decoder.
    static let batches = FuzzTarget(
        name: "batches", summary: "readers of records, against a slow decoder", maximumLength: 1024,
        memory: MemoryBound(fixed: 1 << 20, perByte: 64)
    ) { input, meter in
        let script = BatchScript(input)
        return script.bytes.withUnsafeBytes { bytes in
            meter.measure { read(script.offsets, bytes.bytes) }
            return Agreement.failure(bytes, script.offsets, BatchScript.schemas, BatchScript.shapes)
        }
    } seeds: {
        BatchScript.seeds
    }

    private static func read(_ offsets: [Int], _ bytes: RawSpan) {
        let batches = offsets.compactMap { try? Batch(at: $0, in: bytes) }
        let shapes = BatchScript.shapes
        var count = Count()
        try? BulkScan.scan(batches, in: bytes, shapes, into: &count)
        guard var merge = try? TimeMerge(batches, in: bytes) else { return }
        while (try? merge.next(in: bytes, shapes)) != nil {}
    }
}

private struct Count: ScanVisitor {
    var events: UInt64 = 0
    mutating func event(_ event: ScannedEvent) { events &+= 1 }
}

/// An input as batches: for each a byte of choices (base time, lane, ticket), a byte of length, and so many bytes of records.
struct BatchScript {
    private(set) var bytes: [UInt8] = []
    private(set) var offsets: [Int] = []

    /// Each shape, ids at the edges of the short and the extended form.
    static let schemas: [EventSchema] = [
        schema(1, []), schema(2, [.unsigned]), schema(3, [.pointer, .signed]), schema(4, [.double, .boolean, .float]),
        schema(5, [.string]), schema(6, [.unsigned, .string, .unsigned]), schema(253, [.unsigned]),
        schema(254, [.string]), schema(300, [.unsigned, .unsigned]),
    ]

    static let shapes = ShapeTable(schemas)

    private static func schema(_ id: UInt16, _ types: [FieldType]) -> EventSchema {
        EventSchema(id: id, name: "s", category: "c", fields: types.map { .init(name: "f", type: $0) })
    }

    /// The last are near the highest time that there is, where deltas overflow.
    private static let baseTimes: [UInt64] = [0, 1000, 1001, 1 << 40, 1 << 63, .max - 65535, .max - 1, .max]
    private static let maximumBatches = 9

    init(_ input: UnsafeRawBufferPointer) {
        var rest = input[...]
        while rest.count >= 2, offsets.count < Self.maximumBatches {
            let (choices, length) = (rest.removeFirst(), Int(rest.removeFirst()))
            let records = rest.prefix(length)
            rest = rest.dropFirst(length)
            let header = BatchHeader(
                ticket: UInt64(choices >> 6), baseIndex: 1 << 48 - 2, generation: 1,
                baseTime: Self.baseTimes[Int(choices & 7)], lane: UInt32(choices >> 3 & 7))
            offsets.append(bytes.count)
            bytes += headerBytes(header, byteCount: records.count) + records
        }
    }

    static let seeds: [[UInt8]] = {
        let records: [[UInt8]] = [
            [1, 5, 0, 2, 1, 0, 3, 3, 9, 0, 0x10, 1, 2, 3],
            [4, 1, 0, 0x51, 1, 2, 3, 4, 5, 6, 7, 8, 5, 1, 0, 3, 65, 66, 67],
            [0, 1, 0, 1, 2, 0, 254, 1, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
            [5, 0, 0, 255, 2, 0, 65, 66, 6, 1, 0, 6, 0, 3, 2, 0, 65, 66, 5],
            [255, 1, 0, 44, 1, 0x00, 7, 9, 255, 1, 0, 254, 0, 1, 65, 253, 1, 0, 3],
            [254, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 232, 3, 0, 0, 0, 0, 0, 0, 1, 1, 0],
        ]
        let long = [UInt8](repeatElement([2, 1, 0, 9], count: 30).joined())
        let parts = records.enumerated().map { [UInt8($0 + 1), UInt8($1.count)] + $1 }
        let all = [UInt8](parts.joined())
        return parts + [all, [1, 120] + long + [9, 120] + long + [17, 120] + long + [25, 120] + long + parts[0]]
    }()
}

/// A header as it stands in front of `byteCount` bytes of records.
public func headerBytes(_ header: BatchHeader, byteCount: Int) -> [UInt8] {
    var header = header
    header.byteCount = UInt32(byteCount)
    return withUnsafeTemporaryAllocation(byteCount: BatchHeader.byteCount, alignment: 8) { memory in
        header.store(to: memory.baseAddress!)
        return Array(memory)
    }
}
