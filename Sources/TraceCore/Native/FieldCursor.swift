/// Reads the fields of one chunk in order, and stays inside it.
struct FieldCursor {
    private(set) var position: Int
    private let end: Int

    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ field: NativeFileError.Field, in bytes: RawSpan, as type: Number.Type = Number.self
    ) throws(NativeFileError) -> Number {
        bytes.number(at: try take(MemoryLayout<Number>.size, field), as: Number.self)
    }

    mutating func clockPair(in bytes: RawSpan) throws(NativeFileError) -> ClockPair {
        bytes.clockPair(at: try take(32, .clockPair))
    }

    /// A number of entries, each of which takes at least `minimum` bytes of the chunk: more than fit are refused here,
    /// so that a caller may reserve space for them.
    mutating func count(
        _ field: NativeFileError.Field, minimum: Int, in bytes: RawSpan
    ) throws(NativeFileError) -> Int {
        let offset = position
        let count = try number(field, in: bytes, as: UInt32.self)
        guard UInt64(count) <= UInt64((end - position) / minimum) else {
            throw NativeFileError(.invalid(field, UInt64(count)), at: offset)
        }
        return Int(count)
    }

    /// A length and that many bytes of UTF-8. What is none is repaired.
    mutating func text(_ field: NativeFileError.Field, in bytes: RawSpan) throws(NativeFileError) -> String {
        let offset = position
        let length = Int(try number(field, in: bytes, as: UInt16.self))
        guard length <= ChunkBuffer.maximumTextByteCount else {
            throw NativeFileError(.invalid(field, UInt64(length)), at: offset)
        }
        let start = try take(length, field)
        return bytes.extracting(start..<start + length).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func take(_ byteCount: Int, _ field: NativeFileError.Field) throws(NativeFileError) -> Int {
        guard byteCount <= end - position else { throw NativeFileError(.truncated(field), at: position) }
        defer { position += byteCount }
        return position
    }
}

extension RawSpan {
    /// The little-endian number at `offset`, which need not be aligned. Traps outside of the span.
    func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number {
        Number(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The 32 bytes of a clock pair at `offset`.
    func clockPair(at offset: Int) -> ClockPair {
        ClockPair(
            ticks: number(at: offset, as: UInt64.self), monotonic: number(at: offset + 8, as: UInt64.self),
            wall: number(at: offset + 16, as: Int64.self), width: number(at: offset + 24, as: UInt64.self))
    }
}
