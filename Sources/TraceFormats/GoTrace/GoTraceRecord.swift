/// One record inside a batch, decoded by value. What it points at (a string's bytes, a stack's frames) stays in the
/// input.
@frozen
public struct GoTraceRecord: Sendable {
    public let kind: GoTraceKind
    /// Offset of the type byte in the input.
    public let offset: Int
    /// Ticks: the batch's timestamp plus all deltas so far, modulo 2^64. A CPU sample has its own; records of the tables
    /// have their batch's.
    public let timestamp: UInt64
    /// The arguments after the type byte, without the time that ``timestamp`` has absorbed: of an event those after
    /// `dt`, of a CPU sample those after `time`. Unused ones are 0.
    public let arguments: InlineArray<4, UInt64>
    /// How many of ``arguments`` the kind has.
    public let argumentCount: Int
    /// Of a ``GoTraceKind/string`` its bytes, of a ``GoTraceKind/stack`` its frames' varints; empty for all others.
    public let payload: Range<Int>

    @inlinable
    init(
        kind: GoTraceKind, offset: Int, timestamp: UInt64, arguments: InlineArray<4, UInt64>, argumentCount: Int,
        payload: Range<Int>
    ) {
        self.kind = kind
        self.offset = offset
        self.timestamp = timestamp
        self.arguments = arguments
        self.argumentCount = argumentCount
        self.payload = payload
    }
}

/// One frame of a stack.
@frozen
public struct GoTraceFrame: Equatable, Sendable {
    public let programCounter: UInt64
    /// Number of the function's name in the generation's string table.
    public let function: UInt64
    /// Number of the file's name in the generation's string table.
    public let file: UInt64
    public let line: UInt64
}

/// Steps through the frames of a ``GoTraceKind/stack`` record, innermost first.
public struct GoTraceFrameCursor: Sendable {
    private var position: Int
    private let end: Int

    /// Frames of `record`; none if it is not a stack.
    public init(_ record: GoTraceRecord) {
        position = record.payload.lowerBound
        end = record.kind == .stack ? record.payload.upperBound : position
    }

    /// The next frame, or nil behind the last. `bytes` has to be the input that the record came from; with another one
    /// the result is meaningless or the call traps, but nothing outside `bytes` is read.
    ///
    /// Complexity: O(1), without allocation.
    public mutating func next(in bytes: RawSpan) -> GoTraceFrame? {
        guard position < end else { return nil }
        // The record cursor has decoded these varints before it gave the record out.
        guard let counter = try? Varint.read(bytes, at: &position, end: end),
            let function = try? Varint.read(bytes, at: &position, end: end),
            let file = try? Varint.read(bytes, at: &position, end: end),
            let line = try? Varint.read(bytes, at: &position, end: end)
        else { return nil }
        return GoTraceFrame(programCounter: counter, function: function, file: file, line: line)
    }
}
