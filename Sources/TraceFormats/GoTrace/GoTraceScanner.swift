// A scanner of Go execution traces ("v2", Go 1.22 and later), in place.
//
// Layout
//
//     trace        header batch*                            header: "go 1.NN trace", three zero bytes
//     batch        01 generation thread timestamp size data
//                | 31 experiment generation thread timestamp size data                    since 1.23
//                | 34                                       end of generation             since 1.26
//     data         event*                                   of one thread, in its order
//                | 04 { 05 id size byte* }*                 strings
//                | 02 { 03 id n { pc function file line }^n }*    stacks
//                | 06 { 07 timestamp thread processor goroutine stack }*    CPU samples
//                | 32 { 08 frequency | 33 dt monotonic seconds nanoseconds }*    clock, since 1.25
//                | 08 frequency                             clock, before
//     event        kind dt argument*                        the kind tells how many
//
// Type bytes (hexadecimal here) and the experiment are bytes; all else are varints. `dt` counts from the event before,
// the first one from the batch's timestamp. A size may be padded to ten bytes: the runtime reserves the space first.
//
// Ownership
//
// The scanner and its cursors own no bytes and point at none: they hold offsets, and every call borrows the input as a
// `RawSpan`. So they are plain copyable values that may be kept, copied, and sent to another thread, and one input may be
// scanned by many at once. Nothing is allocated, however large the input or whatever it holds.
//
// Invariants
//
// 1. Every load is bounds-checked against the span it loads from. Otherwise, a size that lies reads foreign memory.
// 2. A size is compared with its maximum and with the bytes that are left before it enters signed arithmetic.
//    Otherwise, 2^64-1 traps or wraps around into the header.
// 3. A varint has at most ten bytes and its value 64 bits, also in the fast loop of ``GoTraceScanner/count(_:)``: what
//    that loop takes lies within 8 bytes and cannot be overlong, and all else goes through the checked decoder.
//    Otherwise, the fast and the exact decoder accept different traces.
// 4. A record ends inside its batch's data. Otherwise, a damaged batch eats its successor's header and the error names
//    the wrong place.
// 5. Batches of different generations do not mix, and a generation counts only when it is whole: with its frequency,
//    since 1.25 its clock snapshot, since 1.26 its end. Otherwise, string and stack numbers, which hold for one
//    generation, would be looked up in another's tables.
// 6. After an error the scanner stays where it is and gives the same error again. Otherwise, a caller that goes on would
//    read garbage as a batch.

/// Hops over the batches of a Go execution trace, without looking at records.
///
/// ```swift
/// var scanner = try GoTraceScanner(bytes)
/// while let batch = try scanner.nextBatch(in: bytes) {
///     var records = GoTraceRecordCursor(batch)
///     while let record = try records.next(in: bytes) { ... }
/// }
/// ```
///
/// What is accepted is what Go's own reader accepts before it begins to order events, with these differences:
/// - The order of events between threads, and references to strings and stacks, are not checked.
/// - Go's reader takes some cut-off traces for complete, because the end of the input inside a table reads like the end
///   of the trace; here the cut is an error. The same holds for a last generation that has no events and no end, and
///   for a lone type byte of an experimental batch.
/// - Batch data that begins with an end-of-generation byte is an error; Go's reader takes it for one.
/// - A kind that the header's version does not define is an error, as in Go's raw reader.
/// - The header has to match byte by byte.
public struct GoTraceScanner: Sendable {
    public let version: GoTraceVersion

    /// Generations that were read whole so far.
    public private(set) var generations = 0

    /// Batches that were given out so far, ends of generations not counted.
    public private(set) var batches = 0

    /// Offset behind the last batch that was given out.
    public private(set) var offset = GoTraceVersion.headerByteCount

    private var state = GenerationState()
    private var failure: GoTraceError?
    private var isFinished = false

    /// A scanner at the first batch of `bytes`.
    ///
    /// Throws: ``GoTraceError``, if the header is not that of a trace this scanner knows.
    public init(_ bytes: RawSpan) throws(GoTraceError) {
        version = try GoTraceVersion(header: bytes)
    }

    /// The clock of the current generation, once its sync batch was met: Go writes that batch behind the events.
    public var clock: GoTraceClock? { state.clock }

    /// The next batch or end of generation, or nil behind the last.
    ///
    /// Only a generation's clock is decoded, all other data is hopped over. `bytes` has to be the input that the scanner
    /// was made for.
    ///
    /// Throws ``GoTraceError``, and the same one again in every further call. Before 1.26 the end of the input ends the
    /// last generation, so a trace that is cut between two batches is served; since 1.26 that is
    /// ``GoTraceError/Reason/incompleteGeneration``.
    ///
    /// Complexity: O(1), without allocation.
    public mutating func nextBatch(in bytes: RawSpan) throws(GoTraceError) -> GoTraceBatch? {
        if let failure { throw failure }
        do throws(GoTraceError) {
            guard offset < bytes.byteCount else {
                try finish()
                return nil
            }
            return try readBatch(in: bytes)
        } catch {
            var located = error
            if located.generation == nil, state.isOpen { located.generation = state.number }
            if located.batch == nil { located.batch = batches }
            failure = located
            throw located
        }
    }

    private mutating func readBatch(in bytes: RawSpan) throws(GoTraceError) -> GoTraceBatch {
        let batch: GoTraceBatch
        do throws(GoTraceError) {
            batch = try GoTraceBatch.read(bytes, at: offset, version: version, index: batches)
        } catch {
            // Without an explicit end, the damage may be the next generation's: what was read may be whole.
            if !version.marksEndOfGeneration, state.isOpen { try? closeGeneration() }
            throw error
        }
        if batch.content == .endOfGeneration {
            guard version.marksEndOfGeneration else {
                throw GoTraceError(.unexpectedEndOfGeneration, at: batch.offset)
            }
            try closeGeneration()
            offset = batch.data.upperBound
            return batch
        }
        try enterGeneration(of: batch)
        if !batch.data.isEmpty, batch.experiment == 0,
            bytes.unsafeLoad(fromByteOffset: batch.data.lowerBound, as: UInt8.self)
                == GoTraceKind.endOfGeneration.rawValue
        {
            throw GoTraceError(.endOfGenerationInsideChunk, at: batch.data.lowerBound)
        }
        if batch.content == .sync { try state.read(sync: batch, in: bytes) }
        batches += 1
        offset = batch.data.upperBound
        return batch
    }

    private mutating func enterGeneration(of batch: GoTraceBatch) throws(GoTraceError) {
        guard batch.generation != 0 else { throw GoTraceError(.invalidGeneration, at: batch.offset) }
        guard batch.generation != state.number else { return }
        if state.isOpen {
            guard !version.marksEndOfGeneration else {
                throw GoTraceError(.missingEndOfGeneration(found: batch.generation), at: batch.offset)
            }
            guard batch.generation == state.number &+ 1 else {
                throw GoTraceError(.generationsOutOfOrder(found: batch.generation), at: batch.offset)
            }
            try closeGeneration()
        }
        state = GenerationState(number: batch.generation, offset: batch.offset)
    }

    /// Ends the open generation, if it has what each must have.
    private mutating func closeGeneration() throws(GoTraceError) {
        let start = state.isOpen ? state.offset : offset
        guard state.ticksPerSecond != nil else { throw GoTraceError(.missingFrequency, at: start) }
        guard !version.hasSyncBatch || state.snapshot != nil else {
            throw GoTraceError(.missingClockSnapshot, at: start)
        }
        generations += 1
        state = GenerationState()
    }

    private mutating func finish() throws(GoTraceError) {
        guard !isFinished else { return }
        if version.marksEndOfGeneration {
            guard !state.isOpen else { throw GoTraceError(.incompleteGeneration, at: state.offset) }
        } else {
            // Also with no batch at all: these versions begin a generation with the file.
            try closeGeneration()
        }
        isFinished = true
    }
}
