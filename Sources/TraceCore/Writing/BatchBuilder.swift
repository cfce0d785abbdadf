/// Makes a batch out of records of another one: those that are wanted, with their times, and where it is asked for, with
/// another schema id and payload. Keeps its memory from one batch to the next.
///
/// The bytes of a record stay as they are, but for its delta: that is the time since the last one that was taken. What stands
/// between two that are taken has no index: events are numbered on from the first (docs/FORMAT.md, on filtered files).
package struct BatchBuilder: Sendable {
    /// Of what was taken so far; its lane, thread and ticket are those of the header that the batch began with.
    package var header: BatchHeader {
        var header = base
        header.endIndex = (base.baseIndex &+ count) & 0xFFFF_FFFF_FFFF
        header.byteCount = UInt32(records.count)
        return header
    }
    /// Without lost ones.
    package private(set) var events: UInt64 = 0
    /// Of the last record, in units.
    package private(set) var time: UInt64 = 0

    private var base = BatchHeader()
    /// Lost ones included.
    private var count: UInt64 = 0
    private var generation: UInt64 = 0
    private var records: [UInt8] = []

    package init() {}

    package var isEmpty: Bool { records.isEmpty }
    package var byteCount: Int { records.count }

    /// A new batch, in place of the one before.
    package mutating func begin(_ header: BatchHeader) {
        base = header
        records.removeAll(keepingCapacity: true)
        (events, count) = (0, 0)
    }

    /// Takes a record, or a loss, of the span `bytes`: later than the ones before.
    package mutating func append(_ record: Record, in bytes: RawSpan) {
        prepare(record)
        bytes.extracting(record.offset..<record.payload.upperBound).withUnsafeBytes { source in
            records.append(source[0])
            appendDigit(record.time - time)
            records.append(contentsOf: source[3...])
        }
        time = record.time
    }

    /// Takes an event with another schema id, 1 or more, and a payload as its shape demands.
    package mutating func append(_ record: Record, as id: UInt16, payload: some Collection<UInt8>) {
        prepare(record)
        let isExtended = id > UInt16(RecordID.lastEvent)
        records.append(isExtended ? RecordID.extended : UInt8(id))
        appendDigit(record.time - time)
        if isExtended { appendDigit(UInt64(id)) }
        records.append(contentsOf: payload)
        time = record.time
    }

    package func withRecords<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        try body(records.span.bytes)
    }

    /// Counts the record, and writes what stands in front of it.
    private mutating func prepare(_ record: Record) {
        if records.isEmpty {
            (time, generation) = (record.time, record.generation)
            base.baseTime = time
            base.baseIndex = record.index
            base.generation = generation
        }
        count &+= record.lostCount ?? 1
        events &+= record.lostCount == nil ? 1 : 0
        if record.generation != generation {
            generation = record.generation
            appendSyncs(record.time - time)
            records.append(RecordID.control)
            appendDigit(record.time - time)
            records.append(ControlKind.generation.rawValue)
            for shift in stride(from: 0, to: 64, by: 8) {
                records.append(UInt8(truncatingIfNeeded: generation >> shift))
            }
            for shift in stride(from: 0, to: 64, by: 8) {
                records.append(UInt8(truncatingIfNeeded: record.time >> shift))
            }
            time = record.time
        }
        appendSyncs(record.time - time)
    }

    /// The higher digits of a delta that has any.
    private mutating func appendSyncs(_ delta: UInt64) {
        for shift in [48, 32, 16] as [UInt64] where delta >> shift != 0 {
            records.append(RecordID.sync)
            appendDigit(delta >> shift)
        }
    }

    private mutating func appendDigit(_ digit: UInt64) {
        records.append(UInt8(truncatingIfNeeded: digit))
        records.append(UInt8(truncatingIfNeeded: digit >> 8))
    }
}

/// A payload as bytes, field by field, in the fewest bytes.
package struct PayloadBuilder: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// The payload of an event of one, two or three numbers.
    package mutating func append(numbers words: [UInt64]) {
        switch words.count {
        case 1: append(number: words[0])
        case 2:
            bytes.append(UInt8(Self.length(words[0]) - 1 | (Self.length(words[1]) - 1) << 4))
            append(words[0], Self.length(words[0]))
            append(words[1], Self.length(words[1]))
        case 3:
            let third = UInt8(Self.length(words[2]) - 1)
            let logarithm = 8 - third.leadingZeroBitCount
            bytes.append(UInt8(Self.length(words[0]) - 1 | (Self.length(words[1]) - 1) << 3 | logarithm << 6))
            append(words[0], Self.length(words[0]))
            append(words[1], Self.length(words[1]))
            append(words[2], 1 << logarithm)
        default: preconditionFailure("\(words.count) numbers")
        }
    }

    /// A number of a wide payload, or that of an event with one: a prefix varint.
    package mutating func append(number: UInt64) {
        let significant = 64 - number.leadingZeroBitCount
        let count = max((significant + 6) / 7, 1)
        if count <= 8 {
            append((number << 1 | 1) << UInt64(count - 1), count)
        } else {
            bytes.append(0)
            append(number, 8)
        }
    }

    /// Begins a wide payload: its length is stated by ``endWide()``.
    package mutating func beginWide() { bytes.append(contentsOf: [0, 0]) }

    /// False where it is longer than a wide payload may be.
    package mutating func endWide() -> Bool {
        guard let length = UInt16(exactly: bytes.count - 2) else { return false }
        bytes[0] = UInt8(truncatingIfNeeded: length)
        bytes[1] = UInt8(truncatingIfNeeded: length >> 8)
        return true
    }

    /// Bytes that are a field already.
    package mutating func append(field range: Range<Int>, of source: RawSpan) {
        source.extracting(range).withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ word: UInt64, _ count: Int) {
        for byte in 0..<count { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * byte))) }
    }

    /// Bytes that hold a number, at least 1.
    private static func length(_ word: UInt64) -> Int { (64 - (word | 1).leadingZeroBitCount + 7) / 8 }
}
