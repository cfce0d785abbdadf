internal import CPlatform
internal import TraceCore

/// One snapshot: what it covers is settled when it is made, its bytes go out when it is written.
struct SnapshotWriter {
    let session: TraceSession
    let window: SnapshotWindow
    /// The clock's rate as known now: one for the whole file.
    let clock: TraceClock
    let began = cplatform_monotonic_nanoseconds()

    /// Ends a generation, so that what happened before the call is inside.
    init(
        of session: TraceSession, since start: GenerationBoundary, minimumAge: UInt64, maximumBytes: Int
    ) throws(FlightRecorderError) {
        self.session = session
        let end = try session.closeGeneration()
        window = SnapshotWindow(
            end: end, start: start, history: session.history, minimumAge: minimumAge, maximumBytes: maximumBytes,
            geometry: session.arena.geometry)
        clock = session.clock
    }

    /// Writes a native file of one generation. Metadata is read after the cut: every event before it was registered by then.
    func write(to sink: inout some ByteSink & ~Copyable) throws -> SnapshotReport {
        try withUnsafeMutablePointer(to: &sink) { pointer in
            var writer = try NativeFileWriter(to: BorrowedSink(pointer), header: NativeFileHeader(clock))
            try writer.write(schemas: Trace.schemas)
            try writer.write(strings: Trace.texts.enumerated().map { NativeString(number: UInt32($0 + 1), text: $1) })
            try writer.write(threads: Trace.threads)
            var scan = WindowScan(session.arena, window, together: 8)
            try scan.run { batches, bytes in try writer.write(batches, in: bytes) }
            let account = SnapshotAccount(window, scan.extents)
            try writer.write(
                NativeGenerationEnd(
                    generation: window.end.generation, clockPair: window.end.clock, lanes: account.lanes))
            let byteCount = writer.byteCount + NativeTotals.chunkByteCount
            _ = try writer.finish()
            return report(scan, account, byteCount: byteCount)
        }
    }

    func report(_ scan: WindowScan, _ account: SnapshotAccount, byteCount: UInt64) -> SnapshotReport {
        let conversion = clock.conversion
        let shift = clock.timeShift
        let end = window.end.clock.ticks
        let begin = window.begin.clock.ticks
        let complete = account.completeFrom.map { $0 << UInt64(shift) } ?? 0
        let bound: SnapshotReport.Bound =
            if complete > begin {
                scan.isCutBySize ? .maximumBytes : .store
            } else {
                window.isBegunByAge ? .minimumAge : .start
            }
        let lanes = zip(account.lanes, account.gapEnds).map { content, ends in
            SnapshotReport.Lane(
                content: content,
                gapEnds: ends.map { conversion.wallClock(ticks: $0 == .max ? end : $0 << UInt64(shift)) })
        }
        return SnapshotReport(
            generation: window.end.generation, from: conversion.wallClock(ticks: max(begin, complete)),
            to: conversion.wallClock(ticks: end), bound: bound, lanes: lanes, batches: scan.extents.count,
            byteCount: byteCount, cost: cplatform_monotonic_nanoseconds() - began)
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
