/// One batch of a trace: its header's values, and where its data lies. The bytes stay where they are.
@frozen
public struct GoTraceBatch: Equatable, Sendable {
    /// What a batch's data consists of, told by its first byte (and by the experiment).
    @frozen
    public enum Content: UInt8, Sendable {
        /// One thread's events, in the order they happened.
        case events
        /// ``GoTraceKind/strings``, then ``GoTraceKind/string`` records.
        case strings
        /// ``GoTraceKind/stacks``, then ``GoTraceKind/stack`` records.
        case stacks
        /// ``GoTraceKind/cpuSamples``, then ``GoTraceKind/cpuSample`` records.
        case cpuSamples
        /// The generation's clock: since 1.25 ``GoTraceKind/sync`` first, then frequency and clock snapshot; before,
        /// the frequency alone.
        case sync
        /// An experiment's own bytes. They have no records.
        case experimental
        /// No batch: the byte that closes a generation.
        case endOfGeneration
    }

    /// The longest data a batch may have, in bytes.
    @inlinable public static var maximumByteCount: Int { 65536 }
    /// The longest string in the string table, in bytes.
    @inlinable public static var maximumStringByteCount: Int { 1024 }
    /// The most frames of a stack in the stack table.
    @inlinable public static var maximumStackDepth: Int { 128 }
    /// ``thread`` of a batch that belongs to no thread: the tables, and the clock.
    @inlinable public static var noThread: UInt64 { .max }

    public let content: Content
    /// The experiment whose bytes these are; 0 for none.
    public let experiment: UInt8
    public let version: GoTraceVersion
    /// Counted from 0 over the whole input. An end of generation has the number of the batch that would follow.
    public let index: Int
    /// At least 1, but for an end of generation: 0.
    public let generation: UInt64
    /// The operating-system thread's number that wrote the events.
    public let thread: UInt64
    /// Ticks at which the first event's delta starts.
    public let timestamp: UInt64
    /// Offset of the batch's type byte.
    public let offset: Int
    /// Offsets of the data, behind the header.
    public let data: Range<Int>

    /// The kind of record that the header itself is.
    @inlinable
    public var kind: GoTraceKind {
        switch content {
        case .endOfGeneration: .endOfGeneration
        default: isExperimentalFrame ? .experimentalBatch : .eventBatch
        }
    }

    /// Whether the header is that of an experimental batch; with experiment 0 its data is that of any other batch.
    @usableFromInline
    let isExperimentalFrame: Bool
}

extension GoTraceBatch {
    /// Reads the batch whose type byte is at `offset`. Requires: `offset < bytes.byteCount`.
    ///
    /// This is framing alone: neither the order of generations nor a single record is looked at. Errors carry no
    /// generation and no ordinal. Complexity: O(1), at most 42 bytes are read.
    static func read(
        _ bytes: RawSpan, at offset: Int, version: GoTraceVersion, index: Int
    ) throws(GoTraceError) -> GoTraceBatch {
        let kind = GoTraceKind(rawValue: bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
        var position = offset + 1
        if kind == .endOfGeneration {
            return GoTraceBatch(
                content: .endOfGeneration, experiment: 0, version: version, index: index, generation: 0,
                thread: noThread, timestamp: 0, offset: offset, data: position..<position, isExperimentalFrame: false)
        }
        let isExperimental = kind == .experimentalBatch && version.defines(kind)
        guard kind == .eventBatch || isExperimental else {
            throw GoTraceError(.expectedBatch(found: kind), at: offset)
        }
        var experiment: UInt8 = 0
        if isExperimental {
            guard position < bytes.byteCount else {
                throw GoTraceError(.truncatedHeader(.experiment), at: position)
            }
            experiment = bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            position += 1
        }
        let generation = try headerField(.generation, bytes, &position)
        let thread = try headerField(.thread, bytes, &position)
        let timestamp = try headerField(.timestamp, bytes, &position)
        let sizeOffset = position
        let size = try headerField(.size, bytes, &position)
        // Compared before any conversion: a hostile size never reaches signed arithmetic.
        guard size <= UInt64(maximumByteCount) else {
            throw GoTraceError(.batchTooLarge(size: size), at: sizeOffset)
        }
        let available = bytes.byteCount - position
        guard Int(size) <= available else {
            throw GoTraceError(.incompleteBatch(size: Int(size), available: available), at: position)
        }
        let data = position..<(position + Int(size))
        return GoTraceBatch(
            content: content(of: data, in: bytes, experiment: experiment, version: version),
            experiment: experiment, version: version, index: index, generation: generation, thread: thread,
            timestamp: timestamp, offset: offset, data: data, isExperimentalFrame: isExperimental)
    }

    private static func headerField(
        _ field: GoTraceError.HeaderField, _ bytes: RawSpan, _ position: inout Int
    ) throws(GoTraceError) -> UInt64 {
        do throws(Varint.Failure) {
            return try Varint.read(bytes, at: &position, end: bytes.byteCount)
        } catch {
            switch error {
            case .truncated: throw GoTraceError(.truncatedHeader(field), at: position)
            case .overlong: throw GoTraceError(.overlongHeader(field), at: position)
            }
        }
    }

    private static func content(
        of data: Range<Int>, in bytes: RawSpan, experiment: UInt8, version: GoTraceVersion
    ) -> Content {
        guard experiment == 0 else { return .experimental }
        guard !data.isEmpty else { return .events }
        switch GoTraceKind(rawValue: bytes.unsafeLoad(fromByteOffset: data.lowerBound, as: UInt8.self)) {
        case .strings: return .strings
        case .stacks: return .stacks
        case .cpuSamples: return .cpuSamples
        case .sync where version.hasSyncBatch: return .sync
        case .frequency where !version.hasSyncBatch: return .sync
        default: return .events
        }
    }

    /// Checks that `chunk` is exactly one batch, or the one byte that ends a generation: what Go's runtime hands to its
    /// flight recorder in one write.
    ///
    /// Throws: ``GoTraceError/Reason/emptyChunk``, ``GoTraceError/Reason/endOfGenerationInsideChunk``,
    /// ``GoTraceError/Reason/chunkIsNotOneBatch(size:available:)``, or what the header gives. Complexity: O(1).
    public init(chunk: RawSpan, version: GoTraceVersion) throws(GoTraceError) {
        guard chunk.byteCount > 0 else { throw GoTraceError(.emptyChunk, at: 0) }
        let batch: GoTraceBatch
        do throws(GoTraceError) {
            batch = try Self.read(chunk, at: 0, version: version, index: 0)
        } catch {
            guard case .incompleteBatch(let size, let available) = error.reason else { throw error }
            throw GoTraceError(.chunkIsNotOneBatch(size: size, available: available), at: error.offset)
        }
        guard batch.data.upperBound == chunk.byteCount else {
            if batch.content == .endOfGeneration { throw GoTraceError(.endOfGenerationInsideChunk, at: 0) }
            throw GoTraceError(
                .chunkIsNotOneBatch(size: batch.data.count, available: chunk.byteCount - batch.data.lowerBound),
                at: batch.data.upperBound)
        }
        self = batch
    }
}
