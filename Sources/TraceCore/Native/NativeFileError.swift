/// Why bytes are not a native file (docs/FORMAT.md, "File"), or why what was handed to a writer would not make one.
public struct NativeFileError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        // The file as a whole.
        case notANativeFile
        case unsupportedVersion(major: UInt16, minor: UInt16)
        /// The bytes end before the end marker. What was read until then is good.
        case incomplete
        case bytesBehindTheEnd

        // One chunk.
        /// Kind 0: space that the system set aside and nobody wrote.
        case unwritten
        /// The chunk ends inside its field.
        case truncated(Field)
        case invalid(Field, UInt64)
        /// No batch header where one belongs.
        case notABatch
        /// The batch header and the chunk do not agree on the bytes of records.
        case batchLength(stated: UInt32, found: UInt32)

        // Chunks that do not go together.
        case conflictingSchema(id: UInt16)
        case conflictingString(number: UInt32)
        case generationsOutOfOrder(found: UInt64)
        /// The file ends inside a generation.
        case generationNotEnded
        case wrongTotal(Field, stated: UInt64, found: UInt64)

        // Writing.
        /// An earlier write failed: a part of a chunk may stand at the end of what was written.
        case failedBefore
    }

    /// What is stored in a file, as far as errors name it.
    public enum Field: String, Sendable {
        case headerByteCount = "header size"
        case ticksPerSecond = "ticks per second"
        case timeShift = "time shift"
        case schemaCount = "count of schemas"
        case schemaID = "schema id"
        case eventKind = "event kind"
        case fieldCount = "count of fields"
        case fieldType = "field type"
        case fieldName = "field name"
        case unit
        case name
        case category
        case stringCount = "count of strings"
        case stringNumber = "string number"
        case string
        case threadCount = "count of threads"
        case lane
        case thread
        case clockPair = "clock pair"
        case batchHeader = "batch header"
        case generation
        case laneCount = "count of lanes"
        case gapCount = "count of gaps"
        case gap
        case openSpanCount = "count of open spans"
        case openSpan = "open span"
        case batches
        case events
        case lost
    }

    public let reason: Reason

    /// The first byte of what is wrong, counted from the first byte of the file; at most its length.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension NativeFileError: CustomStringConvertible {
    public var description: String { "\(reason) at byte \(offset)" }
}

extension NativeFileError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notANativeFile: "not a native trace file: bad magic number"
        case .unsupportedVersion(let major, let minor): "unsupported version \(major).\(minor)"
        case .incomplete: "the file ends before its end marker: it was cut short, or is still being written"
        case .bytesBehindTheEnd: "bytes behind the end marker"
        case .unwritten: "chunk of kind 0: space that was never written"
        case .truncated(let field): "the chunk ends inside its \(field.rawValue)"
        case .invalid(let field, let value): "invalid \(field.rawValue) \(value)"
        case .notABatch: "no batch header"
        case .batchLength(let stated, let found):
            "the batch header states \(stated) bytes of records, its chunk holds \(found)"
        case .conflictingSchema(let id): "schema \(id) differs from the one before with this id"
        case .conflictingString(let number): "string \(number) differs from the one before with this number"
        case .generationsOutOfOrder(let found): "generations out of order: found \(found)"
        case .generationNotEnded: "the file ends inside a generation"
        case .wrongTotal(let field, let stated, let found): "\(stated) \(field.rawValue) stated, \(found) found"
        case .failedBefore: "an earlier write failed"
        }
    }
}
