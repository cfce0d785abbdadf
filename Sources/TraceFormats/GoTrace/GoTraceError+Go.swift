extension GoTraceError {
    /// What Go's reader (`internal/trace` of Go 1.27) says of `bytes`, which gave this error; nil where it takes them.
    ///
    /// It reads the batches and tables of a whole generation before the first event, so of two kinds of damage it may
    /// name the later one. Where the order of events breaks before a damaged one is reached, it names that instead. It says
    /// "EOF" or "read N but wanted M" at some places that are "unexpected EOF" here; and a table that ends between two
    /// numbers may be the end of the trace to it.
    ///
    /// Complexity: O(bytes); meant for messages.
    package func goReaderMessage(of bytes: RawSpan) -> String? {
        (firstOutsideOfEvents(in: bytes) ?? self).reason.goReaderMessage
    }

    /// The first error that Go's reader meets before it looks at the events of this error's generation.
    private func firstOutsideOfEvents(in bytes: RawSpan) -> GoTraceError? {
        do throws(GoTraceError) {
            var scanner = try GoTraceScanner(bytes)
            let generations = wholeGenerations(before: batch ?? 0, in: bytes)
            while scanner.generations <= generations, let batch = try scanner.nextBatch(in: bytes) {
                guard batch.content != .events, scanner.generations <= generations else { continue }
                var records = GoTraceRecordCursor(batch)
                while try records.next(in: bytes) != nil {}
            }
            return nil
        } catch {
            return error
        }
    }

    /// How many generations are whole before the batch with the ordinal `batch`.
    private func wholeGenerations(before batch: Int, in bytes: RawSpan) -> Int {
        guard var scanner = try? GoTraceScanner(bytes) else { return 0 }
        while scanner.batches <= batch, (try? scanner.nextBatch(in: bytes)) != nil {}
        return scanner.generations
    }
}

extension GoTraceError.Reason {
    fileprivate var goReaderMessage: String? {
        switch self {
        case .notAGoTrace: "bad file format: not a Go execution trace?"
        // The formats before 1.22, which Go's reader converts.
        case .unsupportedVersion(11), .unsupportedVersion(19), .unsupportedVersion(21): nil
        case .unsupportedVersion(let minor): "unknown or unsupported trace version go 1.\(minor)"
        case .expectedBatch(let found): "expected batch event, got event \(found.rawValue)"
        case .truncatedHeader(.experiment): nil
        case .truncatedHeader(let field): "error reading batch \(field.goName): unexpected EOF"
        case .overlongHeader(let field): "error reading batch \(field.goName): \(Self.goOverflow)"
        case .batchTooLarge(let size):
            "invalid batch size \(size), maximum is \(GoTraceBatch.maximumByteCount)"
        case .incompleteBatch(let size, let available):
            "failed to read full batch: read \(available) but wanted \(size)"
        case .emptyChunk, .endOfGenerationInsideChunk, .chunkIsNotOneBatch: nil
        case .invalidGeneration, .unexpectedEndOfGeneration: "invalid generation number 0"
        case .generationsOutOfOrder: "generations out of order"
        case .missingEndOfGeneration:
            "broken trace: missing end-of-generation event, or generations are interleaved"
        case .incompleteGeneration: "incomplete generation found; trace likely truncated"
        case .missingFrequency: "no frequency event found"
        case .missingClockSnapshot: "no clock snapshot event found"
        case .duplicateFrequency: "found multiple frequency events"
        case .duplicateClockSnapshot: "found multiple clock snapshot events"
        case .unknownKind(let kind) where kind.rawValue > 136: "found invalid event type: \(kind.rawValue)"
        case .unknownKind(let kind), .notAnEvent(let kind):
            "found event without a timestamp: type=\(kind.rawValue)"
        case .unexpectedRecord(let kind, let expected):
            "expected \(expected.goName) event, got \(kind.rawValue)"
        case .truncatedRecord(let kind):
            kind.isEvent ? "found invalid uvarint" : "unexpected EOF, or takes it for the end"
        case .overlongVarint(let kind): kind.isEvent ? "found invalid uvarint" : Self.goOverflow
        case .stringTooLong(let size):
            "invalid string size \(size), maximum is \(GoTraceBatch.maximumStringByteCount)"
        case .stackTooDeep(let frames):
            "invalid stack size \(frames), maximum is \(GoTraceBatch.maximumStackDepth)"
        }
    }

    private static var goOverflow: String { "binary: varint overflows a 64-bit integer" }
}

extension GoTraceError.HeaderField {
    fileprivate var goName: String {
        switch self {
        case .experiment: "experiment"
        case .generation: "gen"
        case .thread: "M ID"
        case .timestamp: "timestamp"
        case .size: "size"
        }
    }
}

extension GoTraceKind {
    /// As in Go's messages about its tables.
    fileprivate var goName: String {
        switch self {
        case .string: "string"
        case .stack: "stack"
        case .cpuSample: "CPU sample"
        default: "frequency or clock snapshot"
        }
    }
}
