/// The type of an event's field. A field is a number, one 64-bit word, or a string.
@frozen
public enum FieldType: UInt8, Sendable, CaseIterable {
    case unsigned = 1
    case signed
    /// IEEE 754, 64 bits.
    case double
    /// IEEE 754, 32 bits.
    case float
    case boolean
    /// An address: unsigned, shown in hexadecimal.
    case pointer
    /// A string that was registered once: its number in the string table.
    case staticString
    /// A string by value.
    case string
}

/// A number as it stands in a record, and back. The transformations make usual values short.
extension FieldType {
    @inlinable @inline(__always)
    public static func word(signed value: Int64) -> UInt64 {
        UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
    }

    @inlinable @inline(__always)
    public static func signed(word: UInt64) -> Int64 {
        Int64(bitPattern: word &>> 1) ^ (0 &- Int64(bitPattern: word & 1))
    }

    @inlinable @inline(__always)
    public static func word(double value: Double) -> UInt64 { value.bitPattern.byteSwapped }

    @inlinable @inline(__always)
    public static func double(word: UInt64) -> Double { Double(bitPattern: word.byteSwapped) }

    @inlinable @inline(__always)
    public static func word(float value: Float) -> UInt64 { UInt64(value.bitPattern.byteSwapped) }

    @inlinable @inline(__always)
    public static func float(word: UInt64) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: word).byteSwapped) }
}
