/// Steps through the records of one batch, in the order of the bytes.
///
/// ```swift
/// var records = GoTraceRecordCursor(batch)
/// while let record = try records.next(in: bytes) { ... }
/// ```
///
/// The cursor holds offsets, not bytes: each call is given the same `bytes` that the batch came from. Nothing is
/// allocated, and nothing outside the batch's data is decoded.
@frozen
public struct GoTraceRecordCursor: Sendable {
    @usableFromInline let batch: GoTraceBatch
    @usableFromInline var position: Int
    @usableFromInline var timestamp: UInt64
    @usableFromInline let isEvents: Bool
    /// The last digit of the version, as in the traits of a kind.
    @usableFromInline let versionDigit: UInt8

    /// A cursor at the first record of `batch`; an experiment's bytes and an end of generation have none.
    @inlinable
    public init(_ batch: GoTraceBatch) {
        self.batch = batch
        position = batch.content == .experimental ? batch.data.upperBound : batch.data.lowerBound
        timestamp = batch.timestamp
        isEvents = batch.content == .events
        versionDigit = batch.version.rawValue - 20
    }

    /// The next record, or nil behind the last.
    ///
    /// Throws ``GoTraceError`` at the first record that is not whole, not known, or not of this kind of batch; further
    /// calls throw the same error again. Traps if `bytes` is shorter than the input that the batch came from.
    ///
    /// Complexity: O(bytes of the record), without allocation. An event of up to 8 bytes, which nearly all are, is
    /// decoded without a branch on its bytes.
    @inlinable
    @inline(__always)
    public mutating func next(in bytes: RawSpan) throws(GoTraceError) -> GoTraceRecord? {
        let offset = position
        let end = batch.data.upperBound
        guard end &- offset >= 8, isEvents else { return try nextExactly(in: bytes) }

        let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let kind = GoTraceKind(rawValue: UInt8(truncatingIfNeeded: word))
        let traits = kind.traits
        let count = UInt64(traits & 7)
        // As in the counter's lanes: prefix sums count the varints, and the top bit of each byte from the last one of
        // the record on gets set. The kind's own byte is no varint's.
        var lasts = ~word & Varint.continuationBits & ~0xFF
        let sums = (lasts &>> 7) &* 0x0101_0101_0101_0101
        let ends = (sums &+ (128 &- count) &* 0x0101_0101_0101_0101) & Varint.continuationBits
        guard traits & 8 != 0, traits &>> 4 <= versionDigit, ends != 0 else { return try nextExactly(in: bytes) }

        // Behind the record's end all is cut to zero, and so are unused arguments.
        var rest = (word & (ends ^ (ends &- 1))) &>> 8
        lasts &>>= 8
        let delta = Self.cut(&rest, &lasts)
        var arguments = InlineArray<4, UInt64>(repeating: 0)
        arguments[0] = Self.cut(&rest, &lasts)
        arguments[1] = Self.cut(&rest, &lasts)
        arguments[2] = Self.cut(&rest, &lasts)
        arguments[3] = Self.cut(&rest, &lasts)

        let next = offset &+ ends.trailingZeroBitCount &>> 3 &+ 1
        position = next
        timestamp &+= delta
        return GoTraceRecord(
            kind: kind, offset: offset, timestamp: timestamp, arguments: arguments,
            argumentCount: Int(truncatingIfNeeded: count) &- 1, payload: next..<next)
    }

    /// Takes the lowest varint off `word`, whose last byte the lowest bit of `lasts` marks; both move down behind it.
    /// At most 7 bytes are left when this is called first, so a shift by a varint's width stays below 64, and with no bit
    /// set in `lasts` nothing is left of `word` either.
    @inlinable
    @inline(__always)
    static func cut(_ word: inout UInt64, _ lasts: inout UInt64) -> UInt64 {
        let value = word & (lasts ^ (lasts &- 1))
        let width = UInt64(truncatingIfNeeded: lasts.trailingZeroBitCount &+ 1)
        word &>>= width
        lasts &>>= width
        return Varint.compact(value)
    }

    /// The next record by the checked decoder, whatever it is.
    @usableFromInline
    @inline(never)
    mutating func nextExactly(in bytes: RawSpan) throws(GoTraceError) -> GoTraceRecord? {
        let offset = position
        let end = batch.data.upperBound
        guard offset < end else { return nil }
        let kind = GoTraceKind(rawValue: bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
        guard isEvents else { return try nextOfTable(kind, in: bytes) }
        guard kind.isEvent, batch.version.defines(kind) else { throw misplaced(kind) }

        var cursor = offset + 1
        var arguments = InlineArray<4, UInt64>(repeating: 0)
        let count = kind.argumentCount - 1
        let delta = try varint(of: kind, bytes, &cursor)
        for index in 0..<count {
            arguments[index] = try varint(of: kind, bytes, &cursor)
        }
        position = cursor
        timestamp &+= delta
        return GoTraceRecord(
            kind: kind, offset: offset, timestamp: timestamp, arguments: arguments, argumentCount: count,
            payload: cursor..<cursor)
    }
}

extension GoTraceRecordCursor {
    /// The next record of a batch that is not a thread's events. Requires: `position` is inside the data.
    private mutating func nextOfTable(_ kind: GoTraceKind, in bytes: RawSpan) throws(GoTraceError) -> GoTraceRecord? {
        let offset = position
        let expected = expectedKind(at: offset)
        guard kind == expected || isClock(kind, at: offset) else {
            throw located(.unexpectedRecord(kind, expected: expected), at: offset)
        }
        var cursor = offset + 1
        var arguments = InlineArray<4, UInt64>(repeating: 0)
        var count = kind.argumentCount
        var time = timestamp
        if kind == .clockSnapshot || kind == .cpuSample {
            let first = try varint(of: kind, bytes, &cursor)
            time = kind == .clockSnapshot ? timestamp &+ first : first
            count -= 1
        }
        for index in 0..<count {
            arguments[index] = try varint(of: kind, bytes, &cursor)
        }
        let payload = try payload(of: kind, arguments, bytes, &cursor)
        position = cursor
        if kind == .clockSnapshot { timestamp = time }
        return GoTraceRecord(
            kind: kind, offset: offset, timestamp: time, arguments: arguments, argumentCount: count, payload: payload)
    }

    private func payload(
        of kind: GoTraceKind, _ arguments: InlineArray<4, UInt64>, _ bytes: RawSpan, _ cursor: inout Int
    ) throws(GoTraceError) -> Range<Int> {
        switch kind {
        case .string:
            let sizeOffset = cursor
            let size = try varint(of: kind, bytes, &cursor)
            guard size <= UInt64(GoTraceBatch.maximumStringByteCount) else {
                throw located(.stringTooLong(size: size), at: sizeOffset)
            }
            guard Int(size) <= batch.data.upperBound - cursor else {
                throw located(.truncatedRecord(kind), at: cursor)
            }
            let start = cursor
            cursor += Int(size)
            return start..<cursor
        case .stack:
            let depth = arguments[1]
            guard depth <= UInt64(GoTraceBatch.maximumStackDepth) else {
                throw located(.stackTooDeep(frames: depth), at: position)
            }
            let start = cursor
            do throws(Varint.Failure) {
                try Varint.skip(4 * Int(depth), bytes, at: &cursor, end: batch.data.upperBound)
            } catch {
                throw failure(error, kind, at: cursor)
            }
            return start..<cursor
        default:
            return cursor..<cursor
        }
    }

    /// What a table has at `offset`: its own kind first, its entries behind. Of a sync batch the kind that is named when
    /// something else stands there.
    private func expectedKind(at offset: Int) -> GoTraceKind {
        let isFirst = offset == batch.data.lowerBound
        return switch batch.content {
        case .strings: isFirst ? .strings : .string
        case .stacks: isFirst ? .stacks : .stack
        case .cpuSamples: isFirst ? .cpuSamples : .cpuSample
        default: isFirst && batch.version.hasSyncBatch ? .sync : .frequency
        }
    }

    /// Behind its first byte a sync batch holds frequency and clock snapshot in either order.
    private func isClock(_ kind: GoTraceKind, at offset: Int) -> Bool {
        batch.content == .sync && batch.version.hasSyncBatch && kind == .clockSnapshot
            && offset > batch.data.lowerBound
    }

    private func varint(
        of kind: GoTraceKind, _ bytes: RawSpan, _ cursor: inout Int
    ) throws(GoTraceError) -> UInt64 {
        do throws(Varint.Failure) {
            return try Varint.read(bytes, at: &cursor, end: batch.data.upperBound)
        } catch {
            throw failure(error, kind, at: cursor)
        }
    }

    private func failure(_ failure: Varint.Failure, _ kind: GoTraceKind, at offset: Int) -> GoTraceError {
        switch failure {
        case .truncated: located(.truncatedRecord(kind), at: offset)
        case .overlong: located(.overlongVarint(kind), at: offset)
        }
    }

    /// The error for a kind that cannot stand among events.
    private func misplaced(_ kind: GoTraceKind) -> GoTraceError {
        located(batch.version.defines(kind) ? .notAnEvent(kind) : .unknownKind(kind), at: position)
    }

    private func located(_ reason: GoTraceError.Reason, at offset: Int) -> GoTraceError {
        GoTraceError(reason, at: offset, generation: batch.generation, batch: batch.index)
    }
}
