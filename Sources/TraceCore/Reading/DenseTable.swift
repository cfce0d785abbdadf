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
/// An entry's bytes, lowest first: length of the record (0: not for the fast decoder); offsets of three arguments from
/// the start of the record; their bytes (0: absent, reads as 0); how far the first one is to be shifted.
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
        case .none: return pack(length: 3, [])
        case .one:
            let bytes = fourth == 0 ? 9 : fourth.trailingZeroBitCount + 1
            return bytes == 9
                ? pack(length: 12, [(4, 8)]) : pack(length: 3 + bytes, [(3, bytes)], shift: bytes)
        case .two:
            let (first, second) = (fourth & 15 + 1, fourth >> 4 + 1)
            guard first <= 8, second <= 8 else { return 0 }
            return pack(length: 4 + first + second, [(4, first), (4 + first, second)])
        case .three:
            let (first, second, third) = (fourth & 7 + 1, fourth >> 3 & 7 + 1, 1 << (fourth >> 6))
            return pack(
                length: 4 + first + second + third,
                [(4, first), (4 + first, second), (4 + first + second, third)])
        case .text: return fourth <= 250 ? pack(length: 4 + fourth, []) : 0
        case .wide: return 0
        }
    }

    private static func pack(length: Int, _ arguments: [(offset: Int, bytes: Int)], shift: Int = 0) -> UInt64 {
        var entry = UInt64(length) | UInt64(shift) << 56
        for (index, argument) in arguments.enumerated() {
            entry |= UInt64(argument.offset) << UInt64(8 + 8 * index) | UInt64(argument.bytes) << UInt64(32 + 8 * index)
        }
        return entry
    }
}

/// A record's first four bytes and what the table says of them.
@frozen
@usableFromInline
struct DenseEntry {
    @usableFromInline let head: UInt32
    @usableFromInline let entry: UInt64

    /// Requires: 32 bytes at `position`, and `table` as ``ShapeTable/fast`` is.
    @inlinable
    @inline(__always)
    init(_ bytes: RawSpan, at position: Int, _ table: RawSpan) {
        // SAFETY: the caller has seen that 32 bytes stand here.
        let head = UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
        // SAFETY: any byte is an index of the kinds, and any kind and byte are one of the entries.
        let kind = table.unsafeLoad(
            fromByteOffset: DenseTable.kinds &* 8 &+ Int(truncatingIfNeeded: head & 0xFF) &* 2, as: UInt16.self)
        let index = UInt32(kind) | head &>> 24
        entry = table.unsafeLoad(fromByteOffset: Int(truncatingIfNeeded: index) &* 8, as: UInt64.self)
        self.head = head
    }

    @inlinable @inline(__always) var schema: UInt16 { UInt16(truncatingIfNeeded: head & 0xFF) }
    @inlinable @inline(__always) var delta: UInt64 { UInt64((head &>> 8) & 0xFFFF) }
    /// 0 where the checked decoder has to look.
    @inlinable @inline(__always) var length: Int { Int(truncatingIfNeeded: entry & 0xFF) }

    /// Requires: `length` is not 0.
    @inlinable
    @inline(__always)
    func shape(_ table: RawSpan) -> RecordShape {
        let kind = table.unsafeLoad(
            fromByteOffset: DenseTable.kinds &* 8 &+ Int(truncatingIfNeeded: head & 0xFF) &* 2, as: UInt16.self)
        // SAFETY: a kind that is not 0 is the raw value of a shape; those count from 1, the cases in memory from 0.
        return unsafeBitCast(UInt8(truncatingIfNeeded: kind &>> 8) &- 1, to: RecordShape.self)
    }

    /// The number at `index`, 0 to 2, of the record at `position`; 0 where it has none. Requires: as for the initializer.
    @inlinable
    @inline(__always)
    func argument(_ index: UInt64, _ bytes: RawSpan, at position: Int, _ table: RawSpan) -> UInt64 {
        let offset = Int(truncatingIfNeeded: (entry &>> (8 &+ 8 &* index)) & 0xFF)
        let width = Int(truncatingIfNeeded: (entry &>> (32 &+ 8 &* index)) & 0xFF)
        // SAFETY: an offset is at most 20 and a width at most 8, as the table was made.
        let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position &+ offset, as: UInt64.self))
        let mask = table.unsafeLoad(fromByteOffset: DenseTable.masks &* 8 &+ width &* 8, as: UInt64.self)
        return index == 0 ? (word & mask) &>> (entry &>> 56) : word & mask
    }
}
