internal import CPlatform
internal import TraceCore

/// One snapshot: what it covers is settled when it is made, its bytes go out when it is written.
struct SnapshotWriter {
    let session: TraceSession
    let configuration: FlightRecorder.Configuration
    let reason: String
    let window: SnapshotWindow
    /// The clock's rate as known now: one for the whole file.
    let clock: TraceClock
    /// Looked at after the cut.
    let openSpans: [OpenSpan]
    private let began: UInt64

    /// Ends a generation, so that what happened before the call is inside.
    init(
        of session: TraceSession, since start: GenerationBoundary, _ configuration: FlightRecorder.Configuration,
        reason: String
    ) throws(FlightRecorderError) {
        began = cplatform_monotonic_nanoseconds()
        self.session = session
        self.configuration = configuration
        self.reason = reason
        let end = try session.closeGeneration()
        openSpans = session.arena.openSpans()
        window = SnapshotWindow(
            end: end, start: start, history: session.history, minimumAge: configuration.minimumAge.nanoseconds,
            maximumBytes: configuration.maximumBytes, geometry: session.arena.geometry)
        clock = session.clock
    }

    /// Writes a native file of one generation. Metadata is read after the cut: every event before it was registered by then.
    func write(to sink: inout some ByteSink & ~Copyable) throws -> SnapshotReport {
        try withUnsafeMutablePointer(to: &sink) { pointer in
            var writer = try NativeFileWriter(to: BorrowedSink(pointer), header: NativeFileHeader(clock))
            try writer.write(schemas: Trace.schemas)
            try writer.write(strings: Trace.texts.enumerated().map { NativeString(number: UInt32($0 + 1), text: $1) })
            var scan = WindowScan(session.arena, window, together: 8)
            try scan.run { batches, bytes in try writer.write(batches, in: bytes) }
            let account = SnapshotAccount(window, scan.extents, in: session.arena)
            // Behind the scan, which is not to wait: writers go on.
            try writer.write(threads: Trace.threads(of: holders(scan.extents)))
            try writer.write(openSpans: openSpans)
            try writer.write(description(scan, account))
            try writer.write(
                NativeGenerationEnd(
                    generation: window.end.generation, clockPair: window.end.clock, lanes: account.lanes))
            let byteCount = writer.byteCount + NativeTotals.chunkByteCount
            _ = try writer.finish()
            return report(scan, account, byteCount: byteCount)
        }
    }

    /// The threads of pages and open spans. A lane's pages are mostly one thread's: so they are not hashed, page by page.
    private func holders(_ extents: [PageExtent]) -> [(lane: UInt32, thread: UInt32)] {
        var last = [UInt32](repeating: 0, count: window.end.cut.laneCount)
        var holders: [(lane: UInt32, thread: UInt32)] = openSpans.map { ($0.lane, $0.thread) }
        for extent in extents where last[Int(extent.lane)] != extent.thread {
            last[Int(extent.lane)] = extent.thread
            holders.append((extent.lane, extent.thread))
        }
        return holders
    }

    /// What the file says of itself.
    private func description(_ scan: WindowScan, _ account: SnapshotAccount) -> NativeSnapshot {
        let (from, bound) = begin(scan, account)
        let shift = UInt64(clock.timeShift)
        var description = session.describe(from: from >> shift, to: window.end.clock.ticks >> shift, bound: bound)
        description.minimumAge = configuration.minimumAge.nanoseconds
        description.maximumBytes = UInt64(configuration.maximumBytes)
        description.reason = reason
        return description
    }

    /// From when on nothing is missing, in ticks, and why not from earlier on.
    private func begin(_ scan: WindowScan, _ account: SnapshotAccount) -> (ticks: UInt64, bound: NativeSnapshot.Bound) {
        let begin = window.begin.clock.ticks
        let complete = account.completeFrom.map { $0 << UInt64(clock.timeShift) } ?? 0
        guard complete > begin else { return (begin, window.isBegunByAge ? .minimumAge : .start) }
        return (complete, scan.isCutBySize ? .maximumBytes : .store)
    }

    /// The report, and the cost counted.
    func report(_ scan: WindowScan, _ account: SnapshotAccount, byteCount: UInt64) -> SnapshotReport {
        let conversion = clock.conversion
        let end = window.end.clock.ticks
        let (from, bound) = begin(scan, account)
        let lanes = zip(account.lanes, account.gapEnds).map { content, ends in
            SnapshotReport.Lane(
                content: content,
                gapEnds: ends.map {
                    conversion.wallClock(ticks: $0 == .max ? end : $0 << UInt64(clock.timeShift))
                })
        }
        let cost = cplatform_monotonic_nanoseconds() - began
        session.count(snapshotCost: cost)
        return SnapshotReport(
            generation: window.end.generation, from: conversion.wallClock(ticks: from),
            to: conversion.wallClock(ticks: end), bound: bound, lanes: lanes, openSpans: openSpans,
            batches: scan.extents.count, byteCount: byteCount, cost: cost)
    }
}

/// A sink that somebody else owns, for the time of a call.
private struct BorrowedSink<Sink: ByteSink & ~Copyable>: ~Copyable, ByteSink {
    private let sink: UnsafeMutablePointer<Sink>

    init(_ sink: UnsafeMutablePointer<Sink>) { self.sink = sink }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws { try sink.pointee.write(bytes) }

    mutating func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer
    ) throws {
        try sink.pointee.write(first, second, third)
    }

    mutating func write(gathering runs: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws {
        try sink.pointee.write(gathering: runs)
    }
}
