/// What a benchmark repeats over a Go trace. Each function is pure and returns what a caller can check against known
/// counts inside the timed pass.
public enum GoTraceWorkload {
    /// Hops over all batches and returns how many there are, ends of generations not counted. No record is looked at.
    public static func batches(_ bytes: RawSpan) throws(GoTraceError) -> Int {
        var scanner = try GoTraceScanner(bytes)
        while try scanner.nextBatch(in: bytes) != nil {}
        return scanner.batches
    }

    /// Checks and counts every record by kind.
    public static func records(_ bytes: RawSpan) throws(GoTraceError) -> GoTraceCounts {
        try GoTraceScanner.count(bytes)
    }

    /// Decodes every record by the cursors and returns their number (as ``GoTraceCounts/records`` counts) and the wrapping
    /// sum of all timestamps and arguments inside batches.
    public static func arguments(_ bytes: RawSpan) throws(GoTraceError) -> (records: UInt64, sum: UInt64) {
        var scanner = try GoTraceScanner(bytes)
        var records: UInt64 = 0
        var sum: UInt64 = 0
        while let batch = try scanner.nextBatch(in: bytes) {
            records += 1
            var cursor = GoTraceRecordCursor(batch)
            while let record = try cursor.next(in: bytes) {
                records += 1
                sum &+= record.timestamp &+ record.arguments[0] &+ record.arguments[1]
                sum &+= record.arguments[2] &+ record.arguments[3]
            }
        }
        return (records, sum)
    }
}
