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
        return sums.events == self.sums.events && sums.all == self.sums.all ? nil : "\(sums) instead of \(self.sums)"
    }

    func scanTimes() throws -> String? {
        var found = TimeSums()
        try withBytes { try BulkScan.scanTimes(batches, in: $0, shapes, into: &found) }
        return found.events == sums.events && found.times == sums.times ? nil : "\(found) instead of \(sums)"
    }

    /// In the order of time, all arguments.
    func scanMerged() throws -> String? {
        var sums = OrderedSums()
        try withBytes { bytes in
            let merge = try TimeMerge(batches, in: bytes)
            try merge.scan(in: bytes, shapes, into: &sums)
        }
        return sums.all == ordered.all && sums.order == ordered.order ? nil : "\(sums) instead of \(ordered)"
    }

    /// The same as records, one call each.
    func iterateMerged() throws -> String? {
        try withBytes { bytes in
            var merge = try TimeMerge(batches, in: bytes)
            var sums = NativeSums()
            while let record = try merge.next(in: bytes, shapes) { sums.add(record) }
            return sums == ordered ? nil : "\(sums) instead of \(ordered)"
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
            return sums == self.sums ? nil : "\(sums) instead of \(self.sums)"
        }
    }
}

/// Reads and sums all of an event.
private struct ArgumentSums: ScanVisitor {
    var events: UInt64 = 0
    var all: UInt64 = 0

    @inline(__always)
    mutating func event(_ event: ScannedEvent) {
        events &+= 1
        all ^= event.sum
    }
}

private struct OrderedSums: ScanVisitor {
    var all: UInt64 = 0
    var order: UInt64 = 0

    @inline(__always)
    mutating func event(_ event: ScannedEvent) {
        all ^= event.sum
        order &+= all
    }
}

private struct TimeSums: TimeVisitor {
    var events: UInt64 = 0
    var times: UInt64 = 0

    @inline(__always)
    mutating func event(schema: UInt16, time: UInt64, batch: Int) {
        events &+= 1
        times &+= UInt64(schema) &+ time
    }
}

extension ScannedEvent {
    @inline(__always)
    fileprivate var sum: UInt64 {
        UInt64(schema) &+ time &+ words.0 &+ words.1 &+ words.2 &+ UInt64(truncatingIfNeeded: end)
    }
}

extension NativeSums {
    @inline(__always)
    fileprivate mutating func add(_ record: Record) {
        let end = record.payload.upperBound
        events &+= 1
        times &+= UInt64(record.schema) &+ record.time
        all ^=
            UInt64(record.schema) &+ record.time &+ record.words.0 &+ record.words.1 &+ record.words.2
            &+ UInt64(truncatingIfNeeded: end)
        order &+= all
    }
}
