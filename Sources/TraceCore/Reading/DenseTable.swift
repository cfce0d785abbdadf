/// What the fast decoder looks up: one allocation of words, in three parts.
///
/// ```
/// word    0  entries by kind * 256 + fourth byte of the record
///      1536  masks of 0 to 8 bytes
///      1545  kinds * 256 by id, 16 bits each
/// ```
///
/// A kind is 0 for what the fast decoder leaves to the checked one, else the shape: none, one, two, three or text. The
/// fourth byte of a record without a payload is the next record's first: all 256 entries are the same.
///
/// An entry's bytes, in the order of memory: length of the record (0: not for the fast decoder); offset of the first
/// argument from the start of the record; bytes of the first, second, and third, which follow each other (0: absent, reads
/// as 0); how far the first one is to be shifted. Each is loaded by itself: that takes fewer instructions than shifts do.
@usableFromInline
enum DenseTable {
    @inlinable static var masks: Int { 6 * 256 }
    @inlinable static var kinds: Int { masks + 9 }
    @usableFromInline static var count: Int { kinds + 64 }
    /// A record without text is no longer, nor does any of its loads reach further.
    @inlinable static var margin: Int { 32 }
    /// Deltas of the fast decoder cannot overflow a time below this, in one batch.
    @inlinable static var timeLimit: UInt64 { 1 << 63 }

    static func make(_ shapes: [UInt8]) -> [UInt64] {
        var table = [UInt64](repeating: 0, count: count)
        for byte in 0..<256 {
            for shape in [RecordShape.none, .one, .two, .three, .text] {
                table[Int(shape.rawValue) * 256 + byte] = entry(shape, fourth: byte)
            }
        }
        for bytes in 1...8 { table[masks + bytes] = .max >> UInt64(64 - 8 * bytes) }
        for id in 1...Int(RecordID.lastEvent) where id < shapes.count {
            let kind = shapes[id] == RecordShape.wide.rawValue ? 0 : UInt64(shapes[id])
            // The 16-bit numbers are read one by one: their place in a word is that of little-endian memory.
            let word = kinds + id / 4
            table[word] = (table[word].littleEndian | (kind << 8) << UInt64(id % 4 * 16)).littleEndian
        }
        return table
    }

    private static func entry(_ shape: RecordShape, fourth: Int) -> UInt64 {
        switch shape {
        case .none: return pack(length: 3)
        case .one:
            let bytes = fourth == 0 ? 9 : fourth.trailingZeroBitCount + 1
            return bytes == 9
                ? pack(length: 12, offset: 4, [8]) : pack(length: 3 + bytes, offset: 3, [bytes], shift: bytes)
        case .two:
            let (first, second) = (fourth & 15 + 1, fourth >> 4 + 1)
            guard first <= 8, second <= 8 else { return 0 }
            return pack(length: 4 + first + second, offset: 4, [first, second])
        case .three:
            let (first, second, third) = (fourth & 7 + 1, fourth >> 3 & 7 + 1, 1 << (fourth >> 6))
            return pack(length: 4 + first + second + third, offset: 4, [first, second, third])
        case .text: return fourth <= 250 ? pack(length: 4 + fourth) : 0
        case .wide: return 0
        }
    }

    private static func pack(length: Int, offset: Int = 0, _ bytes: [Int] = [], shift: Int = 0) -> UInt64 {
        let widths = bytes + repeatElement(0, count: 3 - bytes.count)
        return ([length, offset] + widths + [shift]).reversed().reduce(0) { $0 << 8 | UInt64($1) }.littleEndian
    }
}

/// A record's first four bytes, and where the table has its entry.
@frozen
@usableFromInline
struct DenseEntry {
    @usableFromInline let head: UInt32
    /// Offset of the entry in the table.
    @usableFromInline let place: Int
    /// Of the record, 0 where the checked decoder has to look.
    @usableFromInline let length: Int

    /// Requires: 32 bytes at `position`, and `table` as ``ShapeTable/fast`` is.
    @inlinable
    @inline(__always)
    init(_ bytes: RawSpan, at position: Int, _ table: RawSpan) {
        // SAFETY: the caller has seen that 32 bytes stand here.
        head = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt32.self))
        // SAFETY: any byte is an index of the kinds, and any kind and byte are one of the entries.
        let kind = table.unsafeLoad(
            fromUncheckedByteOffset: DenseTable.kinds &* 8 &+ Int(truncatingIfNeeded: head & 0xFF) &* 2, as: UInt16.self
        )
        place = Int(truncatingIfNeeded: UInt32(kind) | head &>> 24) &* 8
        length = Self.byte(0, place, table)
    }

    @inlinable @inline(__always) var schema: UInt16 { UInt16(truncatingIfNeeded: head & 0xFF) }
    @inlinable @inline(__always) var delta: UInt64 { UInt64((head &>> 8) & 0xFFFF) }

    /// Requires: `length` is not 0.
    @inlinable
    @inline(__always)
    var shape: RecordShape {
        // SAFETY: a kind that is not 0 is the raw value of a shape; those count from 1, the cases in memory from 0.
        unsafeBitCast(UInt8(truncatingIfNeeded: place &>> 11) &- 1, to: RecordShape.self)
    }

    /// The numbers of the record at `position`; 0 for those that it does not have. Requires: as the initializer does.
    @inlinable
    @inline(__always)
    func words(_ bytes: RawSpan, at position: Int, _ table: RawSpan) -> (UInt64, UInt64, UInt64) {
        let first = position &+ Self.byte(1, place, table)
        let firstWidth = Self.byte(2, place, table)
        let second = first &+ firstWidth
        let secondWidth = Self.byte(3, place, table)
        let third = second &+ secondWidth
        let thirdWidth = Self.byte(4, place, table)
        let shift = UInt64(truncatingIfNeeded: Self.byte(5, place, table))
        return (
            Self.word(bytes, first, firstWidth, table) &>> shift, Self.word(bytes, second, secondWidth, table),
            Self.word(bytes, third, thirdWidth, table)
        )
    }

    @inlinable
    @inline(__always)
    static func byte(_ index: Int, _ place: Int, _ table: RawSpan) -> Int {
        // SAFETY: `place` is that of one of the entries.
        Int(truncatingIfNeeded: table.unsafeLoad(fromUncheckedByteOffset: place &+ index, as: UInt8.self))
    }

    @inlinable
    @inline(__always)
    static func word(_ bytes: RawSpan, _ offset: Int, _ width: Int, _ table: RawSpan) -> UInt64 {
        // SAFETY: as the table was made, an argument begins at most 20 bytes behind the record's start, and a width is at
        // most 8.
        let word = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
        let mask = table.unsafeLoad(
            fromUncheckedByteOffset: DenseTable.masks &* 8 &+ width &* 8, as: UInt64.self)
        return UInt64(littleEndian: word) & mask
    }
}
