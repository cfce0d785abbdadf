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

extension DecodingError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated(let field): "the batch ends inside its last record, at its \(field.name)"
        case .magic: "no batch begins here"
        case .encoding(let number): "unknown encoding \(number)"
        case .timeShift(let shift): "time shift \(shift)"
        case .flags(let flags): "unknown flags \(flags)"
        case .byteCount(let stated, let available): "\(stated) bytes of records stated, \(available) there"
        case .unknownSchema(let id): "a record of schema \(id), which is not in the file"
        case .extendedID(let id): "extended record with the short schema id \(id)"
        case .controlKind(let kind): "unknown kind of control record \(kind)"
        case .numberLengths(let byte): "lengths of numbers \(byte)"
        case .textLength(let length): "length of a text \(length)"
        case .syncCount: "more than three syncs in a row"
        case .timeOverflow: "a time of 2^64 units or more"
        case .generationTime(let stated): "a generation record states the time \(stated), which is not its own"
        }
    }
}

extension DecodingError.Field {
    fileprivate var name: String {
        switch self {
        case .header: "header"
        case .record: "begin"
        case .schemaID: "schema id"
        case .numberLengths: "lengths of numbers"
        case .number: "number"
        case .textLength: "length of a text"
        case .text: "text"
        case .wideLength: "length of fields"
        case .wide: "fields"
        case .controlKind: "kind of control"
        case .generation: "generation"
        case .generationTime: "time of a generation"
        case .lostCount: "count of lost events"
        }
    }
}
