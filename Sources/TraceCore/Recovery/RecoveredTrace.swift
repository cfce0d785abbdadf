internal import MemoryAccess

/// The last window of an arena's file: what its threads had published when it was looked at, as far as it is still there.
///
/// Every event of a lane up to its position then is found, or counted as lost in a gap, or older than what is found. Threads were
/// not stopped: of two events of different threads, one that happened before the other may be missing at the window's end.
public struct RecoveredTrace: Sendable {
    public let path: String
    /// The process that records into the file, or nil where it has ended.
    public let owner: Int32?
    /// Whether the recording had been ended, and did not break off.
    public let isEnded: Bool
    public let header: NativeFileHeader
    public internal(set) var schemas: [EventSchema] = []
    public internal(set) var strings: [NativeString] = []
    public internal(set) var threads: [NativeThread] = []
    public internal(set) var openSpans: [OpenSpan] = []
    /// Lane by lane: the events that were found, and gaps.
    public internal(set) var lanes: [NativeGenerationEnd.Lane] = []
    /// What the file says of itself.
    public internal(set) var snapshot: NativeSnapshot
    /// What was left out because it cannot be: at most 1000 of them.
    public internal(set) var problems: [RecoveryProblem] = []
    /// All of them.
    public internal(set) var problemCount = 0
    /// Schemas, strings and names that found no room in the file.
    public internal(set) var unloggedEntries: UInt64 = 0
    /// Pages with events.
    public var pageCount: Int { pages.count }
    public var events: UInt64 { lanes.reduce(0) { $0 &+ $1.events } }
    public var lost: UInt64 { lanes.reduce(0) { $0 &+ $1.lost } }

    var end: NativeGenerationEnd
    var pages: [PageCopy] = []

    init(
        path: String, owner: Int32?, isEnded: Bool, header: NativeFileHeader, end: NativeGenerationEnd,
        snapshot: NativeSnapshot
    ) {
        self.path = path
        self.owner = owner
        self.isEnded = isEnded
        self.header = header
        self.end = end
        self.snapshot = snapshot
    }

    mutating func report(_ problem: RecoveryProblem) {
        problemCount += 1
        if problems.count < 1000 { problems.append(problem) }
    }

    /// Calls `body` with each batch and the span that it is of, a lane's in the order of its events.
    public func visitBatches(_ body: (Batch, RawSpan) throws -> Void) rethrows {
        for page in pages {
            try page.records.withUnsafeBytes { try body(Batch(page.header, recordsAt: 0), $0.bytes) }
        }
    }

    /// Writes a native file of one generation. Throws what the sink throws.
    ///
    /// - Parameter reason: is kept in the file.
    public func write<Sink: ByteSink & ~Copyable>(to sink: consuming Sink, reason: String) throws -> Sink {
        var writer = try NativeFileWriter(to: sink, header: header)
        try writer.write(schemas: schemas)
        try writer.write(strings: strings)
        for page in pages {
            try page.records.withUnsafeBytes { buffer in
                let records = buffer.bytes.extracting(0..<Int(page.header.byteCount))
                try writer.write(page.header, records: records)
            }
        }
        try writer.write(threads: threads)
        try writer.write(openSpans: openSpans)
        var snapshot = snapshot
        snapshot.reason = reason
        try writer.write(snapshot)
        try writer.write(end)
        return try writer.finish()
    }
}
