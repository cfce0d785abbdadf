internal import TraceCore

/// Which batches a cut takes whole or not at all, found by a pass over ids and times, which takes a twentieth of the time of
/// looking at each record: so a file needs no index of the categories in its batches, which no writer could make without
/// looking at each event.
struct CutSurvey: ScanVisitor {
    /// Batches that are looked at together.
    static var batchCount: Int { 64 }

    private let from: UInt64
    private let to: UInt64
    /// By schema id, 1 where it is dropped.
    private let isDropped: [UInt8]
    /// By place in the batches of a pass: whether something is ``wanted`` or ``unwanted``, and the number of events.
    private var found: [UInt64] = []

    private static var wanted: UInt64 { 1 << 63 }
    private static var unwanted: UInt64 { 1 << 62 }

    enum Finding: Equatable {
        /// So many events, without lost ones.
        case whole(events: UInt64)
        case nothing
        /// Each record has to be looked at.
        case mixed
    }

    init(from: UInt64, to: UInt64, dropped: Set<UInt16>) {
        self.from = from
        self.to = to
        var isDropped = [UInt8](repeating: 0, count: 1 << 16)
        for schema in dropped { isDropped[Int(schema)] = 1 }
        self.isDropped = isDropped
    }

    /// What there is in each of these; all mixed where one is malformed: whoever looks at the records finds it.
    mutating func findings(_ batches: [Batch], in bytes: RawSpan, _ shapes: ShapeTable) -> [Finding] {
        found = Array(repeating: 0, count: batches.count)
        do throws(DecodingError) {
            try BulkScan.scan(batches, in: bytes, shapes, into: &self)
        } catch {
            return Array(repeating: .mixed, count: batches.count)
        }
        return found.map {
            switch $0 & (Self.wanted | Self.unwanted) {
            case Self.wanted: .whole(events: $0 & ~Self.wanted)
            case Self.unwanted: .nothing
            default: .mixed
            }
        }
    }

    @inline(__always)
    mutating func event(_ event: ScannedEvent) {
        let isIn = event.time >= from && event.time <= to && isDropped[Int(event.schema)] == 0
        found[event.batch] = (found[event.batch] &+ 1) | (isIn ? Self.wanted : Self.unwanted)
    }

    mutating func lost(_ count: UInt64, at time: UInt64, batch: Int) {
        found[batch] |= from...to ~= time ? Self.wanted : Self.unwanted
    }
}
