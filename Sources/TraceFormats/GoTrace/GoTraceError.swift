/// Why bytes are not a Go execution trace, and where.
///
/// The conditions are those of Go's own readers (the batch reader, the generation reader and the record decoder of
/// `internal/trace`, and the chunk reader of `runtime/trace`); ``GoTraceScanner`` lists the few places where this
/// scanner refuses what they let pass.
public struct GoTraceError: Error, Equatable, Sendable {
    public enum Reason: Equatable, Sendable {
        // The file.
        case notAGoTrace
        case unsupportedVersion(minor: Int)

        // A batch's header and its bytes.
        case expectedBatch(found: GoTraceKind)
        case truncatedHeader(HeaderField)
        case overlongHeader(HeaderField)
        case batchTooLarge(size: UInt64)
        case incompleteBatch(size: Int, available: Int)

        // A chunk that has to be exactly one batch.
        case emptyChunk
        case endOfGenerationInsideChunk
        case chunkIsNotOneBatch(size: Int, available: Int)

        // The order of batches.
        case invalidGeneration
        case generationsOutOfOrder(found: UInt64)
        case missingEndOfGeneration(found: UInt64)
        case unexpectedEndOfGeneration
        case incompleteGeneration
        case missingFrequency
        case missingClockSnapshot
        case duplicateFrequency
        case duplicateClockSnapshot

        // Records inside a batch.
        case unknownKind(GoTraceKind)
        case notAnEvent(GoTraceKind)
        case unexpectedRecord(GoTraceKind, expected: GoTraceKind)
        case truncatedRecord(GoTraceKind)
        case overlongVarint(GoTraceKind)
        case stringTooLong(size: UInt64)
        case stackTooDeep(frames: UInt64)
    }

    /// The varints and bytes of a batch's header.
    public enum HeaderField: String, Sendable {
        case experiment
        case generation
        case thread
        case timestamp
        case size
    }

    public let reason: Reason

    /// The offset of the first byte of what is wrong, counted from the first byte of the input; at most its length.
    public let offset: Int

    /// The number of the generation that was open, where one was.
    public internal(set) var generation: UInt64?

    /// The ordinal of the batch, counted from 0 over the whole input, where the error lies in or after a batch.
    public internal(set) var batch: Int?

    public init(_ reason: Reason, at offset: Int, generation: UInt64? = nil, batch: Int? = nil) {
        self.reason = reason
        self.offset = offset
        self.generation = generation
        self.batch = batch
    }
}

extension GoTraceError: CustomStringConvertible {
    public var description: String {
        var text = "\(reason) at byte \(offset)"
        if let generation { text += ", generation \(generation)" }
        if let batch { text += ", batch \(batch)" }
        return text
    }
}

extension GoTraceError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notAGoTrace:
            "not a Go execution trace: bad header"
        case .unsupportedVersion(let minor):
            "unknown or unsupported trace version go 1.\(minor)"
        case .expectedBatch(let found):
            "expected a batch, found type \(found.rawValue) (\(found))"
        case .truncatedHeader(let field):
            "batch header ends inside its \(field.rawValue)"
        case .overlongHeader(let field):
            "batch header's \(field.rawValue) is a varint beyond 64 bits"
        case .batchTooLarge(let size):
            "invalid batch size \(size), the maximum is \(GoTraceBatch.maximumByteCount)"
        case .incompleteBatch(let size, let available):
            "incomplete batch: \(size) bytes announced, \(available) left"
        case .emptyChunk:
            "empty batch"
        case .endOfGenerationInsideChunk:
            "end of generation inside a longer batch"
        case .chunkIsNotOneBatch(let size, let available):
            "expected exactly one batch: \(size) bytes announced, \(available) given"
        case .invalidGeneration:
            "invalid generation number 0"
        case .generationsOutOfOrder(let found):
            "generations out of order: found \(found)"
        case .missingEndOfGeneration(let found):
            "missing end of generation, or generations interleave: found \(found)"
        case .unexpectedEndOfGeneration:
            "end of generation in a version that has none"
        case .incompleteGeneration:
            "incomplete generation: the trace was likely cut off"
        case .missingFrequency:
            "generation without a frequency"
        case .missingClockSnapshot:
            "generation without a clock snapshot"
        case .duplicateFrequency:
            "second frequency in one generation"
        case .duplicateClockSnapshot:
            "second clock snapshot in one generation"
        case .unknownKind(let kind):
            "unknown record type \(kind.rawValue)"
        case .notAnEvent(let kind):
            "\(kind) has no timestamp and cannot stand among events"
        case .unexpectedRecord(let kind, let expected):
            "expected \(expected), found type \(kind.rawValue) (\(kind))"
        case .truncatedRecord(let kind):
            "\(kind) goes beyond the end of its batch"
        case .overlongVarint(let kind):
            "\(kind) has a varint beyond 64 bits"
        case .stringTooLong(let size):
            "invalid string size \(size), the maximum is \(GoTraceBatch.maximumStringByteCount)"
        case .stackTooDeep(let frames):
            "invalid stack depth \(frames), the maximum is \(GoTraceBatch.maximumStackDepth)"
        }
    }
}
