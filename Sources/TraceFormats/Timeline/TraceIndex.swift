public import TraceCore

/// All of a native file but its records: who wrote it, what it covers, and where the batches lie. Offsets, no bytes.
///
/// A file that ends early, or is damaged somewhere, has an index of what stands before: ``problem`` tells where that ends.
public struct TraceIndex: Sendable {
    public let header: NativeFileHeader
    /// By id.
    public private(set) var schemas: [UInt16: EventSchema] = [:]
    /// Static strings, by number.
    public private(set) var strings: [UInt32: String] = [:]
    public private(set) var threads: [NativeThread] = []
    /// In the order of the file.
    public private(set) var batches: [Batch] = []
    public private(set) var generations: [NativeGenerationEnd] = []
    /// How many of ``batches`` stand in front of each end of a generation.
    private var batchEnds: [Int] = []
    /// In the order of the file.
    public private(set) var clockPairs: [ClockPair] = []
    /// Those of the last generation that lists any.
    public private(set) var openSpans: [OpenSpan] = []
    /// The last one.
    public private(set) var snapshot: NativeSnapshot?
    public private(set) var totals = NativeTotals()
    /// Why there is no more, or nil for a whole file.
    public private(set) var problem: NativeFileError?
    /// What readers of records need.
    public private(set) var shapes = ShapeTable([])

    /// Hops over the chunks of a file.
    ///
    /// - Throws: `NativeFileError` where not even the header is that of a native file.
    /// - Parameter progress: called every 256 batches with the part of the bytes that is done, 0 to 1.
    /// - Complexity: O(chunks): records are not looked at.
    public init(_ bytes: RawSpan, progress: (Double) -> Void = { _ in }) throws(NativeFileError) {
        var reader = try NativeFileReader(bytes)
        header = reader.header
        var spansOfGeneration: [OpenSpan] = []
        do throws(NativeFileError) {
            while let chunk = try reader.next(in: bytes) {
                switch chunk {
                case .schemas, .strings, .end: break
                case .clockPair(let pair): clockPairs.append(pair)
                case .threads(let more): threads += more
                case .batch(let batch):
                    batches.append(Batch(batch.header, recordsAt: batch.offset))
                    if batches.count & 255 == 0 { progress(Double(reader.offset) / Double(bytes.byteCount)) }
                case .openSpans(let more): spansOfGeneration += more
                case .snapshot(let more): snapshot = more
                case .endOfGeneration(let end):
                    generations.append(end)
                    batchEnds.append(batches.count)
                    openSpans = spansOfGeneration
                    spansOfGeneration = []
                }
            }
        } catch {
            problem = error
        }
        schemas = reader.schemas
        strings = reader.strings
        totals = reader.totals
        shapes = ShapeTable(schemas.values)
    }

    /// What the records cover in units: from the least base time of a batch to the last end of a generation.
    public var span: ClosedRange<UInt64> {
        let begin = batches.lazy.map(\.header.baseTime).min() ?? header.start.ticks >> UInt64(header.timeShift)
        let end = generations.last.map { $0.clockPair.ticks >> UInt64(header.timeShift) } ?? begin
        return begin...max(begin, end)
    }

    /// The ends of generations, each with how many of ``batches`` stand in front of it. Where the file ends inside a generation,
    /// the last one is made up: it ends with its last batch's begin, and its lanes state nothing.
    package var completedGenerations: [(end: NativeGenerationEnd, batchEnd: Int)] {
        var all = zip(generations, batchEnds).map { ($0, $1) }
        if batches.count > all.last?.1 ?? 0 {
            let rest = batches[(all.last?.1 ?? 0)...]
            let last = rest.lazy.map(\.header.baseTime).max() ?? 0
            let ticks = min(last, .max >> UInt64(header.timeShift)) << UInt64(header.timeShift)
            let distance = header.conversion.nanoseconds(ticks: ticks)
            let pair = ClockPair(
                ticks: ticks, monotonic: UInt64(clamping: Int64(clamping: header.start.monotonic) &+ distance),
                wall: header.conversion.wallClock(ticks: ticks), width: header.start.width)
            let lanes = Set(rest.map(\.header.lane)).sorted().map {
                NativeGenerationEnd.Lane(lane: $0, events: 0, isTruncated: true)
            }
            let number = max(
                generations.last.map { $0.generation &+ 1 } ?? 0, rest.lazy.map(\.header.generation).max() ?? 0)
            all.append((NativeGenerationEnd(generation: number, clockPair: pair, lanes: lanes), batches.count))
        }
        return all.map { (end: $0.0, batchEnd: $0.1) }
    }
}
