/// Unsigned LEB128, as Go's `encoding/binary` reads it: at most 10 bytes, and a tenth byte of at most 1. Padding with
/// zero groups is valid within those 10 bytes (the runtime writes a batch's length that way).
@usableFromInline
enum Varint {
    @usableFromInline
    enum Failure: Error {
        /// The bytes end before the varint does.
        case truncated
        /// The value does not fit 64 bits.
        case overlong
    }

    /// The top bit of every byte: clear in the last byte of a varint, set in all bytes before it.
    @inlinable
    static var continuationBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Reads the varint at `offset` and moves `offset` behind it. Requires: `end <= bytes.byteCount`.
    ///
    /// On failure `offset` stays at the varint's first byte. Complexity: O(1), at most 10 bytes are looked at.
    @inlinable
    @inline(__always)
    static func read(_ bytes: RawSpan, at offset: inout Int, end: Int) throws(Failure) -> UInt64 {
        if end - offset >= 8 {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let last = ~word & continuationBits
            if last != 0 {
                offset += (last.trailingZeroBitCount &+ 1) &>> 3
                // `last ^ (last - 1)` is all bits up to the lowest set one: everything behind the varint goes.
                return compact(word & (last ^ (last &- 1)))
            }
        }
        return try readByByte(bytes, at: &offset, end: end)
    }

    /// Joins the low seven bits of each byte of `word`.
    @inlinable
    @inline(__always)
    static func compact(_ word: UInt64) -> UInt64 {
        let pairs = (word & 0x007F_007F_007F_007F) | ((word & 0x7F00_7F00_7F00_7F00) &>> 1)
        let quads = (pairs & 0x0000_3FFF_0000_3FFF) | ((pairs & 0x3FFF_0000_3FFF_0000) &>> 2)
        return (quads & 0x0000_0000_0FFF_FFFF) | ((quads & 0x0FFF_FFFF_0000_0000) &>> 4)
    }

    /// Moves `offset` behind the next `count` varints. Requires: `end <= bytes.byteCount`.
    ///
    /// On failure `offset` stays at the first byte of the varint that is at fault. Complexity: O(bytes), 8 at a time.
    static func skip(
        _ count: Int, _ bytes: RawSpan, at offset: inout Int, end: Int
    ) throws(Failure) {
        var remaining = count
        while remaining > 0 {
            if end - offset >= 8 {
                let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let last = ~word & continuationBits
                let whole = Int(((last &>> 7) &* 0x0101_0101_0101_0101) &>> 56)
                // Always from the start of one varint to the end of another, so that an overlong one shows up as a word
                // without an end.
                if whole > 0, whole <= remaining {
                    offset += 8 - last.leadingZeroBitCount / 8
                    remaining -= whole
                    continue
                }
            }
            _ = try read(bytes, at: &offset, end: end)
            remaining -= 1
        }
    }

    @usableFromInline
    @inline(never)
    static func readByByte(_ bytes: RawSpan, at offset: inout Int, end: Int) throws(Failure) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<10 {
            guard offset + index < end else { throw .truncated }
            let byte = bytes.unsafeLoad(fromByteOffset: offset + index, as: UInt8.self)
            value |= UInt64(byte & 0x7F) &<< UInt64(7 * index)
            if byte < 0x80 {
                guard index < 9 || byte <= 1 else { throw .overlong }
                offset += index + 1
                return value
            }
        }
        throw .overlong
    }
}
