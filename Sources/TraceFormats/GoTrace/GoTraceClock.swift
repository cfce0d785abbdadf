/// A generation's clock: what turns ticks into time.
@frozen
public struct GoTraceClock: Equatable, Sendable {
    /// Ticks of the trace's clock in one second.
    public internal(set) var ticksPerSecond: UInt64
    /// The same instant on three clocks; since 1.25.
    public internal(set) var snapshot: Snapshot?

    @frozen
    public struct Snapshot: Equatable, Sendable {
        /// The trace's clock, in ticks.
        public let ticks: UInt64
        /// The system's monotonic clock, in nanoseconds.
        public let monotonic: UInt64
        /// The wall clock, in seconds since 1970, and nanoseconds of that second.
        public let seconds: UInt64
        public let nanoseconds: UInt64
    }
}

/// What is known of the generation that is being read.
struct GenerationState: Sendable {
    /// 0 while none is open: no generation on the wire has that number.
    var number: UInt64 = 0
    /// Offset of its first batch.
    var offset = 0
    var ticksPerSecond: UInt64?
    var snapshot: GoTraceClock.Snapshot?

    var isOpen: Bool { number != 0 }

    var clock: GoTraceClock? {
        ticksPerSecond.map { GoTraceClock(ticksPerSecond: $0, snapshot: snapshot) }
    }

    /// Takes over what a sync batch says. Complexity: O(1): a second frequency or snapshot is an error, so that at most
    /// three records are read.
    mutating func read(sync batch: GoTraceBatch, in bytes: RawSpan) throws(GoTraceError) {
        var records = GoTraceRecordCursor(batch)
        while let record = try records.next(in: bytes) {
            switch record.kind {
            case .frequency:
                guard ticksPerSecond == nil else { throw duplicate(.duplicateFrequency, record, batch) }
                ticksPerSecond = record.arguments[0]
            case .clockSnapshot:
                guard snapshot == nil else { throw duplicate(.duplicateClockSnapshot, record, batch) }
                snapshot = GoTraceClock.Snapshot(
                    ticks: record.timestamp, monotonic: record.arguments[0], seconds: record.arguments[1],
                    nanoseconds: record.arguments[2])
            default:
                break
            }
        }
    }

    private func duplicate(
        _ reason: GoTraceError.Reason, _ record: GoTraceRecord, _ batch: GoTraceBatch
    ) -> GoTraceError {
        GoTraceError(reason, at: record.offset, generation: number, batch: batch.index)
    }
}
