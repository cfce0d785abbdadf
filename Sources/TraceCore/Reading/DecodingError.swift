/// Where and why bytes are not a batch of dense records.
public struct DecodingError: Error, Sendable, Hashable {
    public var reason: Reason
    /// Of the byte or field at fault, from the start of the span that was read.
    public var offset: Int

    @inlinable
    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    public enum Reason: Sendable, Hashable {
        /// The batch ends, or the span does, inside this field, or in front of it.
        case truncated(Field)
        /// No batch begins here.
        case magic
        /// An encoding other than 1, dense.
        case encoding(UInt16)
        /// More than 16.
        case timeShift(UInt8)
        /// Other than 0.
        case flags(UInt8)
        /// The header states more bytes of records than follow it.
        case byteCount(UInt64, available: Int)
        /// No schema has this id, so the record's length is not known.
        case unknownSchema(UInt16)
        /// An id below 254 in an extended event.
        case extendedID(UInt16)
        case controlKind(UInt8)
        /// A control byte of two numbers with a length above 8.
        case numberLengths(UInt8)
        /// 251 to 254.
        case textLength(UInt8)
        /// More than three syncs in a row.
        case syncCount
        /// A time of 2^64 units or more.
        case timeOverflow
        /// A generation record states another time than the deltas come to.
        case generationTime(stated: UInt64)
    }

    /// What the bytes ended in.
    public enum Field: Sendable, Hashable {
        case header, record, schemaID, numberLengths, number, textLength, text, wideLength, wide
        case controlKind, generation, generationTime, lostCount
    }
}

extension DecodingError: CustomStringConvertible {
    public var description: String { "\(reason) at byte \(offset)" }
}
