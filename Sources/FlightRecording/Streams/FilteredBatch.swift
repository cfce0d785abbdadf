internal import TraceCore

/// The events of a batch that pass a filter, as a batch of their own: the bytes of each record as they are, but for its delta,
/// which is the time since the last record that passed. Keeps its memory from one batch to the next.
struct FilteredBatch {
    private(set) var header = BatchHeader()
    private var records: [UInt8] = []

    var isEmpty: Bool { records.isEmpty }

    /// Takes what passes from `batch`. Its events are numbered on from the first of them: what is left out has no index.
    ///
    /// - Throws: `DecodingError` where the batch does not decode.
    mutating func take(
        from batch: Batch, in bytes: RawSpan, _ shapes: ShapeTable, _ passes: TraceFilterTable
    ) throws(DecodingError) {
        records.removeAll(keepingCapacity: true)
        header = batch.header
        var count: UInt64 = 0
        var time: UInt64 = 0
        var cursor = RecordCursor(batch)
        while let record = try cursor.next(in: bytes, shapes) {
            guard passes[record.schema] else { continue }
            if records.isEmpty {
                time = record.time
                header.baseTime = time
                header.baseIndex = record.index
            }
            append(record, delta: record.time - time, bytes)
            count += record.lostCount ?? 1
            time = record.time
        }
        header.endIndex = (header.baseIndex &+ count) & 0xFFFF_FFFF_FFFF
        header.byteCount = UInt32(records.count)
    }

    func withRecords<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result { try body(records.span.bytes) }

    /// A record begins with its id and 16 bits of delta, and ends where its payload does.
    private mutating func append(_ record: Record, delta: UInt64, _ bytes: RawSpan) {
        for shift in [48, 32, 16] as [UInt64] where delta >> shift != 0 {
            records.append(RecordID.sync)
            appendDigit(delta >> shift)
        }
        bytes.extracting(record.offset..<record.payload.upperBound).withUnsafeBytes { source in
            records.append(source[0])
            appendDigit(delta)
            records.append(contentsOf: source[3...])
        }
    }

    private mutating func appendDigit(_ delta: UInt64) {
        records.append(UInt8(truncatingIfNeeded: delta))
        records.append(UInt8(truncatingIfNeeded: delta >> 8))
    }
}
