import Harness
import TraceCore

/// The scans of ``NativeTrace``: what is timed. Each answers what was wrong, if anything.
extension NativeTrace {
    func scanHeaders() throws -> String? {
        var records = 0
        var tickets: UInt64 = 0
        try withBytes { bytes in
            try Batch.scan(pages: batches.count, of: Self.pageSize, from: 0, in: bytes) { batch in
                records &+= batch.records.count
                tickets &+= batch.header.ticket
            }
        }
        let count = UInt64(batches.count)
        return records == recordBytes && tickets == count * (count - 1) / 2 ? nil : "another sum of headers"
    }

    /// All arguments.
    func scanAll() throws -> String? {
        var sums = ArgumentSums()
        try withBytes { try BulkScan.scan(batches, in: $0, shapes, into: &sums) }
        var expected = self.sums
        expected.order = 0
        return sums.sums == expected ? nil : "\(sums.sums) instead of \(expected)"
    }

    func scanTimes() throws -> String? {
        var found = TimeSums()
        try withBytes { try BulkScan.scanTimes(batches, in: $0, shapes, into: &found) }
        let isRight = found.events == sums.events && found.schemas == sums.schemas && found.times == sums.times
        return isRight ? nil : "\(found) instead of \(sums)"
    }

    /// In the order of time, all arguments.
    func scanMerged() throws -> String? {
        var sums = OrderedSums()
        try withBytes { bytes in
            let merge = try TimeMerge(batches, in: bytes)
            try merge.scan(in: bytes, shapes, into: &sums)
        }
        return sums.sums == ordered ? nil : "\(sums.sums) instead of \(ordered)"
    }

    /// The same as records, one call each.
    func iterateMerged() throws -> String? {
        try withBytes { bytes in
            var merge = try TimeMerge(batches, in: bytes)
            var sums = NativeSums()
            while let record = try merge.next(in: bytes, shapes) { sums.add(record) }
            return sums.times == ordered.times && sums.words == ordered.words && sums.order == ordered.order
                ? nil : "\(sums) instead of \(ordered)"
        }
    }

    /// Batch by batch with a cursor.
    func iterate() throws -> String? {
        try withBytes { bytes in
            var sums = NativeSums()
            for batch in batches {
                var cursor = RecordCursor(batch)
                while let record = try cursor.next(in: bytes, shapes) { sums.add(record) }
            }
            return sums.times == self.sums.times && sums.words == self.sums.words && sums.order == self.sums.order
                ? nil : "\(sums) instead of \(self.sums)"
        }
    }
}

/// Reads and sums all of an event; the order is left out.
private struct ArgumentSums: ScanVisitor {
    var sums = NativeSums()

    @inline(__always)
    mutating func event(_ event: ScannedEvent) {
        sums.events &+= 1
        sums.schemas &+= UInt64(event.schema)
        sums.times &+= event.time
        sums.words &+= event.words.0 &+ event.words.1 &+ event.words.2
        sums.ends &+= UInt64(truncatingIfNeeded: event.end)
    }
}

private struct OrderedSums: ScanVisitor {
    var sums = NativeSums()

    @inline(__always)
    mutating func event(_ event: ScannedEvent) {
        sums.events &+= 1
        sums.schemas &+= UInt64(event.schema)
        sums.times &+= event.time
        sums.words &+= event.words.0 &+ event.words.1 &+ event.words.2
        sums.ends &+= UInt64(truncatingIfNeeded: event.end)
        sums.order &+= sums.times
    }
}

private struct TimeSums: TimeVisitor {
    var events: UInt64 = 0
    var schemas: UInt64 = 0
    var times: UInt64 = 0

    @inline(__always)
    mutating func event(schema: UInt16, time: UInt64, batch: Int) {
        events &+= 1
        schemas &+= UInt64(schema)
        times &+= time
    }
}

extension NativeSums {
    @inline(__always)
    fileprivate mutating func add(_ record: Record) {
        events &+= 1
        schemas &+= UInt64(record.schema)
        times &+= record.time
        words &+= record.words.0 &+ record.words.1 &+ record.words.2
        order &+= times
    }
}
