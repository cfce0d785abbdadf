public import TraceCore

/// Several native files of one machine's clock as one: of several processes, or of one, one after the other.
///
/// Files are of one process where they count from the same clock pair: then lanes and numbers mean the same, and what two of
/// them have in common is taken once, by the lanes' indices. Of different processes, lanes, schemas, strings, and the numbers
/// of spans, flows and tasks are renumbered, and threads' names begin with their process's. All events become one generation.
///
/// Clocks are of one machine's where each file's clock pairs agree, by the first file's rate, on the system's monotonic clock:
/// ``clockError`` tells how well.
public struct TraceMerge {
    /// A file to merge. Its bytes are asked for when they are due.
    public struct Input {
        public var name: String
        public var index: TraceIndex

        public init(name: String, index: TraceIndex) {
            self.name = name
            self.index = index
        }
    }

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// Times of this file are in other units than those of the first.
        case timeShift(file: String)
        /// Not of one machine, or not since one start of it: so many nanoseconds apart by the clock that both should share.
        case clock(file: String, nanoseconds: Int64)
        /// More than 65,535 different events.
        case tooManySchemas(file: String)

        public var description: String {
            switch self {
            case .timeShift(let file): "\(file): its times are in other units than those of the first file"
            case .clock(let file, let nanoseconds):
                "\(file): not of the machine of the first file, or not of the same start of it: the clocks are \(nanoseconds) ns apart"
            case .tooManySchemas(let file): "\(file): more than 65535 different events in all files"
            }
        }
    }

    let inputs: [Input]
    /// By input: the place of its process.
    let processOf: [Int]
    let processCount: Int
    let header: NativeFileHeader
    /// The greatest distance between two files' readings of the monotonic clock at one tick, in nanoseconds.
    public let clockError: Int64

    /// Clocks that are farther apart are not one, beside what the rate's error makes of the distance.
    private static var tolerance: Int64 { 1_000_000 }

    /// - Throws: ``Failure`` where the files do not go together.
    /// - Precondition: there is an input.
    public init(_ inputs: [Input]) throws(Failure) {
        precondition(!inputs.isEmpty, "nothing to merge")
        // Each process's files in the order of time.
        var starts: [ClockPair: Int] = [:]
        for input in inputs where starts[input.index.header.start] == nil {
            starts[input.index.header.start] = starts.count
        }
        let sorted = inputs.enumerated().sorted { a, b in
            let (one, other) = (a.element.index, b.element.index)
            return (starts[one.header.start]!, one.span.upperBound, a.offset)
                < (starts[other.header.start]!, other.span.upperBound, b.offset)
        }.map(\.element)
        self.inputs = sorted
        processOf = sorted.map { starts[$0.index.header.start]! }
        processCount = starts.count
        let best = sorted.min { $0.index.header.rate.partsPerBillion < $1.index.header.rate.partsPerBillion }!
        let first = sorted.min { $0.index.header.start.ticks < $1.index.header.start.ticks }!
        header = NativeFileHeader(
            rate: best.index.header.rate, timeShift: first.index.header.timeShift, start: first.index.header.start)
        var error: Int64 = 0
        for input in sorted {
            guard input.index.header.timeShift == header.timeShift else { throw .timeShift(file: input.name) }
            let pairs =
                [input.index.header.start] + input.index.clockPairs + input.index.generations.suffix(1).map(\.clockPair)
            for pair in pairs {
                let (distance, allowed) = Self.distance(pair, header)
                if distance > allowed { throw .clock(file: input.name, nanoseconds: distance) }
                error = max(error, distance)
            }
        }
        clockError = error
    }

    /// How far a pair's monotonic time is from what the clock of `header` makes of its ticks, and how far it may be.
    private static func distance(_ pair: ClockPair, _ header: NativeFileHeader) -> (Int64, Int64) {
        let elapsed = header.conversion.nanoseconds(ticks: pair.ticks)
        let expected = Int64(clamping: header.start.monotonic).addingReportingOverflow(elapsed)
        let found = Int64(clamping: pair.monotonic).subtractingReportingOverflow(expected.partialValue)
        if expected.overflow || found.overflow { return (.max, 0) }
        let rateError = Double(elapsed.magnitude) * (Double(header.rate.partsPerBillion) + 200_000) / 1e9
        let magnitude = Int64(clamping: found.partialValue.magnitude)
        return (magnitude, tolerance + Int64(min(rateError, 1e18)))
    }

    /// Writes the one file to `sink`, and gives that back.
    ///
    /// - Parameters:
    ///   - progress: called every 64 batches with the part of them that is done, 0 to 1.
    ///   - withBytes: calls its closure with the bytes of the input of that name.
    /// - Throws: `DecodingError`, ``Failure``, what the sink and `withBytes` throw.
    /// - Complexity: O(records). Memory: the indices, and one batch.
    public func write<Sink: ByteSink & ~Copyable>(
        to sink: consuming Sink, progress: @escaping (Double) -> Void = { _ in },
        withBytes: (String, (RawSpan) throws -> Void) throws -> Void
    ) throws -> Sink {
        var tables = MergeTables(processCount: processCount)
        for number in inputs.indices {
            guard tables.add(inputs[number].index, process: processOf[number]) else {
                throw Failure.tooManySchemas(file: inputs[number].name)
            }
        }
        var writer = try NativeFileWriter(to: sink, header: header)
        try writer.write(schemas: tables.schemas)
        try writer.write(strings: tables.strings.enumerated().map { NativeString(number: UInt32($0 + 1), text: $1) })
        try writer.write(threads: threads(tables))
        for input in inputs { try writer.write(input.index.header.start) }
        var lanes = MergeLanes()
        var done = 0
        let all = inputs.reduce(0) { $0 + $1.index.batches.count }
        for number in inputs.indices {
            let index = inputs[number].index
            lanes.beginFile(index, processOf[number], tables)
            var editor = RecordEditor(tables.map(of: number), processOf[number], processCount, index)
            try withBytes(inputs[number].name) { bytes in
                // Read once more: somebody may have written another file in its place.
                guard index.batches.allSatisfy({ $0.records.upperBound <= bytes.byteCount }) else {
                    throw NativeFileError(.incomplete, at: bytes.byteCount)
                }
                let ordered = index.batches.sorted {
                    ($0.header.lane, $0.header.ticket, $0.header.baseTime) < (
                        $1.header.lane, $1.header.ticket, $1.header.baseTime
                    )
                }
                for batch in ordered {
                    try write(
                        batch, in: bytes, index.shapes, tables.lane(batch.header.lane, processOf[number]), &lanes,
                        &editor, to: &writer)
                    done += 1
                    if done & 63 == 0 { progress(Double(done) / Double(all)) }
                }
            }
        }
        try writer.write(openSpans: openSpans(tables))
        if let snapshot { try writer.write(snapshot) }
        try writer.write(end(lanes))
        return try writer.finish()
    }

    private func write<Sink: ByteSink & ~Copyable>(
        _ batch: Batch, in bytes: RawSpan, _ shapes: ShapeTable, _ lane: UInt32, _ lanes: inout MergeLanes,
        _ editor: inout RecordEditor, to writer: inout NativeFileWriter<Sink>
    ) throws {
        let first = lanes.firstNew(in: batch.header, lane)
        guard first != batch.header.endIndex else { return }
        editor.begin(batch.header, lane)
        var cursor = RecordCursor(batch)
        while let record = try cursor.next(in: bytes, shapes) {
            if LanePosition.precedes(record.index, first) { continue }
            try editor.append(record, in: bytes)
        }
        guard !editor.batch.isEmpty else { return }
        lanes.add(editor.batch, lane)
        let header = editor.batch.header
        try editor.batch.withRecords { try writer.write(header, records: $0) }
    }
}
