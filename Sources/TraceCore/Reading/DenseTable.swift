/// What the fast decoder looks up: one allocation of words, in two parts.
///
/// ```
/// word    0  entries of four words, by kind * 256 + fourth byte of the record
///      6144  where the entries of a kind begin, in bytes, by id, 16 bits each
/// ```
///
/// A kind is 0 for what the fast decoder leaves to the checked one, else the shape: none, one, two, three or text. The
/// fourth byte of a record without a payload is the next record's first: all 256 entries are the same.
///
/// ```
/// entry   byte 0  u16 length of the record (`tooLong`: not for the fast decoder)
///              2  offsets of the three arguments from the start of the record
///              5  how far the first one is to be shifted
///              8  masks of the three arguments (0: absent, reads as 0)
/// ```
///
/// All is there to be loaded by itself: that takes fewer instructions than to shift it out of a word, to add widths to
/// offsets, or to look up masks by widths. Of the 48 KiB a trace uses the entries of the fourth bytes that it has.
@usableFromInline
enum DenseTable {
    @inlinable static var entryWords: Int { 4 }
    /// In bytes.
    @inlinable static var kinds: Int { 6 * 256 * entryWords * 8 }
    /// In words.
    static var count: Int { kinds / 8 + 64 }
    /// A record without text is no longer, nor does any of its loads reach further.
    @inlinable static var margin: Int { 32 }
    /// The length of what has no entry: more than `maxReach`, so that one comparison finds it and the end of a batch.
    @inlinable static var tooLong: Int { 0xFFFF }
    /// No fast decoder looks further ahead for the end.
    @inlinable static var maxReach: Int { 0x7FFF }
    /// Deltas of the fast decoder cannot overflow a time below this, in one batch.
    @inlinable static var timeLimit: UInt64 { 1 << 63 }

    /// - Complexity: a copy of 48 KiB, and O(shapes).
    static func make(_ shapes: [UInt8]) -> [UInt64] {
        var table = withoutIDs
        for id in 1...Int(RecordID.lastEvent) where id < shapes.count {
            let kind = shapes[id] == RecordShape.wide.rawValue ? 0 : Int(shapes[id])
            // The 16-bit numbers are read one by one: their place in a word is that of little-endian memory.
            let word = kinds / 8 + id / 4
            let start = UInt64(kind * 256 * entryWords * 8)
            table[word] = (table[word].littleEndian | start << UInt64(id % 4 * 16)).littleEndian
        }
        return table
    }

    /// The entries, which are the same for all.
    private static let withoutIDs: [UInt64] = {
        var table = [UInt64](repeating: 0, count: count)
        for byte in 0..<256 {
            for kind in 0..<6 {
                let entry = RecordShape(rawValue: UInt8(kind)).map { Self.entry($0, fourth: byte) } ?? none
                let word = (kind * 256 + byte) * entryWords
                table[word] = entry.packed
                (table[word + 1], table[word + 2], table[word + 3]) = entry.masks
            }
        }
        return table
    }()

    private typealias Entry = (packed: UInt64, masks: (UInt64, UInt64, UInt64))

    private static var none: Entry { pack(length: tooLong) }

    private static func entry(_ shape: RecordShape, fourth: Int) -> Entry {
        switch shape {
        case .none: return pack(length: 3)
        case .one:
            let bytes = fourth == 0 ? 9 : fourth.trailingZeroBitCount + 1
            return bytes == 9
                ? pack(length: 12, offset: 4, [8]) : pack(length: 3 + bytes, offset: 3, [bytes], shift: bytes)
        case .two:
            let (first, second) = (fourth & 15 + 1, fourth >> 4 + 1)
            guard first <= 8, second <= 8 else { return none }
            return pack(length: 4 + first + second, offset: 4, [first, second])
        case .three:
            let (first, second, third) = (fourth & 7 + 1, fourth >> 3 & 7 + 1, 1 << (fourth >> 6))
            return pack(length: 4 + first + second + third, offset: 4, [first, second, third])
        case .text: return fourth <= 250 ? pack(length: 4 + fourth) : none
        case .wide: return none
        }
    }

    private static func pack(length: Int, offset: Int = 0, _ widths: [Int] = [], shift: Int = 0) -> Entry {
        var packed = UInt64(length) | UInt64(shift) << 40
        var masks: [UInt64] = [0, 0, 0]
        var offset = offset
        for (index, width) in widths.enumerated() {
            packed |= UInt64(offset) << UInt64(16 + 8 * index)
            masks[index] = .max >> UInt64(64 - 8 * width)
            offset += width
        }
        return (packed.littleEndian, (masks[0], masks[1], masks[2]))
    }
}

/// A record's first four bytes, and where the table has its entry.
@frozen
@usableFromInline
struct DenseEntry {
    @usableFromInline let id: UInt8
    @usableFromInline let delta: UInt64
    /// Offset of the entry in the table.
    @usableFromInline let place: Int
    /// Of the record; `DenseTable.tooLong` where the checked decoder has to look.
    @usableFromInline let length: Int

    /// Requires: 32 bytes at `position`, and `table` as ``ShapeTable/fast`` is.
    @inlinable
    @inline(__always)
    init(_ bytes: RawSpan, at position: Int, _ table: RawSpan) {
        // SAFETY: the caller has seen that 32 bytes stand here.
        id = bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
        delta = UInt64(
            UInt16(
                littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position &+ 1, as: UInt16.self)))
        let fourth = bytes.unsafeLoad(fromUncheckedByteOffset: position &+ 3, as: UInt8.self)
        // SAFETY: any byte is an index of the kinds, and any kind and byte are one of the entries.
        let start = table.unsafeLoad(
            fromUncheckedByteOffset: DenseTable.kinds &+ Int(id) &* 2, as: UInt16.self)
        place = Int(start) &+ Int(fourth) &* (DenseTable.entryWords &* 8)
        length = Int(table.unsafeLoad(fromUncheckedByteOffset: place, as: UInt16.self))
    }

    /// The same of a record whose entry is known. Requires: 32 bytes at `position`; `number` is that of an entry.
    @inlinable
    @inline(__always)
    init(_ bytes: RawSpan, at position: Int, number: Int, _ table: RawSpan) {
        // SAFETY: the caller has seen that 32 bytes stand here, and that such an entry is.
        id = bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
        delta = 0
        place = number &* (DenseTable.entryWords &* 8)
        length = Int(table.unsafeLoad(fromUncheckedByteOffset: place, as: UInt16.self))
    }

    /// Which of the table's entries it is; below 256 for a record that is not for the fast decoder.
    @inlinable @inline(__always) var number: Int { place &>> 5 }

    @inlinable @inline(__always) var schema: UInt16 { UInt16(id) }

    /// Whether the table has an entry, and the record ends within `count` bytes.
    @inlinable
    @inline(__always)
    func isWhole(in count: Int) -> Bool { length <= min(count, DenseTable.maxReach) }

    /// Requires: the table has an entry.
    @inlinable
    @inline(__always)
    var shape: RecordShape {
        // SAFETY: a kind that has entries is the raw value of a shape; those count from 1, the cases in memory from 0.
        unsafeBitCast(UInt8(truncatingIfNeeded: place &>> 13) &- 1, to: RecordShape.self)
    }

    /// The numbers of the record at `position`; 0 for those that it does not have. Requires: as the initializer does.
    @inlinable
    @inline(__always)
    func words(_ bytes: RawSpan, at position: Int, _ table: RawSpan) -> (UInt64, UInt64, UInt64) {
        // SAFETY: `place` is that of one of the entries.
        let shift = UInt64(table.unsafeLoad(fromUncheckedByteOffset: place &+ 5, as: UInt8.self))
        return (
            word(0, bytes, at: position, table) &>> shift, word(1, bytes, at: position, table),
            word(2, bytes, at: position, table)
        )
    }

    @inlinable
    @inline(__always)
    func word(_ index: Int, _ bytes: RawSpan, at position: Int, _ table: RawSpan) -> UInt64 {
        // SAFETY: `place` is that of one of the entries. As the table was made, an argument begins at most 20 bytes behind
        // the record's start.
        let offset = Int(table.unsafeLoad(fromUncheckedByteOffset: place &+ 2 &+ index, as: UInt8.self))
        let word = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position &+ offset, as: UInt64.self)
        let mask = table.unsafeLoad(fromUncheckedByteOffset: place &+ 8 &+ 8 &* index, as: UInt64.self)
        return UInt64(littleEndian: word) & mask
    }
}
