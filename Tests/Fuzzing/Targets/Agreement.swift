public import TraceCore

/// Whether all readers say of some bytes what the reference decoder says.
public enum Agreement {
    /// What the first reader that disagrees got wrong; nil if all agree.
    ///
    /// - Parameters:
    ///   - offsets: of the batches' headers.
    ///   - beyond: the readers' span reaches so many bytes further: what holds them back is the end of a batch.
    public static func failure(
        _ bytes: UnsafeRawBufferPointer, _ offsets: [Int], _ schemas: [EventSchema], beyond: Int = 0
    ) -> String? {
        failure(bytes, offsets, schemas, ShapeTable(schemas), beyond: beyond)
    }

    /// The same with a table of the schemas, which takes longer to make than few records to read.
    static func failure(
        _ bytes: UnsafeRawBufferPointer, _ offsets: [Int], _ schemas: [EventSchema], _ shapes: ShapeTable,
        beyond: Int = 0
    ) -> String? {
        let copy = Array(bytes)
        let span = UnsafeRawBufferPointer(start: bytes.baseAddress, count: bytes.count + beyond).bytes
        var batches: [Batch] = []
        var expected: [(found: [Found], isMalformed: Bool)] = []
        for offset in offsets {
            guard let batch = try? Batch(at: offset, in: span), batch.records.upperBound <= bytes.count else {
                continue
            }
            batches.append(batch)
            expected.append(ReferenceRecordDecoder.decode(copy[batch.records], batch.header, schemas))
        }
        return cursor(batches, expected, span, shapes) ?? scans(batches, expected, span, shapes)
            ?? merges(batches, expected, span, shapes)
    }

    private static func cursor(
        _ batches: [Batch], _ expected: [(found: [Found], isMalformed: Bool)], _ span: RawSpan, _ shapes: ShapeTable
    ) -> String? {
        for (batch, expected) in zip(batches, expected) {
            let reading = Readers.cursor(batch, span, shapes)
            if let wrong = difference(reading.found, expected.found) { return "cursor: " + wrong }
            if (reading.error != nil) != expected.isMalformed { return "cursor: error \(reading.error as Any)" }
            if let error = reading.error, !(batch.records.lowerBound...batch.records.upperBound ~= error.offset) {
                return "cursor: an error outside the batch: \(error)"
            }
        }
        return nil
    }

    private static func scans(
        _ batches: [Batch], _ expected: [(found: [Found], isMalformed: Bool)], _ span: RawSpan, _ shapes: ShapeTable
    ) -> String? {
        let isMalformed = expected.contains { $0.isMalformed }
        let (all, error) = Readers.scan(batches, span, shapes)
        let (times, timesError) = Readers.scanTimes(batches, span, shapes)
        if (error != nil) != isMalformed { return "scan: error \(error as Any)" }
        if timesError != error { return "scanTimes: error \(timesError as Any)" }
        for (number, (found, _)) in expected.enumerated() {
            var bare = found
            for index in bare.indices {
                // The scan does not tell of these.
                bare[index].isTruncated = false
                if bare[index].schema == 0 { bare[index].offset = -1 }
            }
            let events = found.filter { $0.schema != 0 }.map { [UInt64($0.schema), $0.time] }
            let (some, someTimes) =
                isMalformed
                ? (Array(bare.prefix(all[number].count)), Array(events.prefix(times[number].count))) : (bare, events)
            if let wrong = difference(all[number], some) { return "scan of batch \(number): " + wrong }
            if times[number] != someTimes { return "scanTimes of batch \(number)" }
        }
        return nil
    }

    private static func merges(
        _ batches: [Batch], _ expected: [(found: [Found], isMalformed: Bool)], _ span: RawSpan, _ shapes: ShapeTable
    ) -> String? {
        let order = batches.indices.sorted { one, other in
            let (a, b) = (batches[one].header, batches[other].header)
            return (a.lane, a.ticket, a.baseTime, a.baseIndex, one) < (b.lane, b.ticket, b.baseTime, b.baseIndex, other)
        }
        let ranked = order.enumerated().flatMap { rank, number in
            expected[number].found.enumerated().map { (key: [$1.time, UInt64(rank), UInt64($0)], found: $1) }
        }
        var sorted = ranked.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.found)
        let isMalformed = expected.contains { $0.isMalformed }
        let reading = Readers.merge(batches, span, shapes)
        if (reading.error != nil) != isMalformed { return "merge: error \(reading.error as Any)" }
        let some = isMalformed ? Array(sorted.prefix(reading.found.count)) : sorted
        if let wrong = difference(reading.found, some) { return "merge: " + wrong }

        let scanned = Readers.scanMerged(batches, span, shapes)
        if scanned.error != reading.error { return "merged scan: error \(scanned.error as Any)" }
        for index in sorted.indices {
            sorted[index].isTruncated = false
            if sorted[index].schema == 0 { sorted[index].offset = -1 }
        }
        if let wrong = difference(scanned.found, isMalformed ? Array(sorted.prefix(scanned.found.count)) : sorted) {
            return "merged scan: " + wrong
        }
        return isMalformed && scanned.found.count != reading.found.count ? "merged scan: another length" : nil
    }

    private static func difference(_ found: [Found], _ expected: [Found]) -> String? {
        guard found != expected else { return nil }
        let index = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, expected.count)
        func at(_ list: [Found]) -> String { index < list.count ? "\(list[index])" : "nothing" }
        return "event \(index): \(at(found)) instead of \(at(expected))"
    }
}
