// Records with strings.

/// A string's bytes for one record: at most ``maximumByteCount`` of them, cut at a boundary of a Unicode scalar.
@frozen
public struct TextArgument {
    @usableFromInline let start: UnsafeRawPointer?
    @usableFromInline let byteCount: Int
    @usableFromInline let isTruncated: Bool

    @inlinable public static var maximumByteCount: Int { 1024 }

    /// - Parameter bytes: UTF-8. Outlives the record.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer, limit: Int = maximumByteCount) {
        let limit = min(limit, Self.maximumByteCount)
        start = bytes.baseAddress
        isTruncated = bytes.count > limit
        var end = isTruncated ? limit : bytes.count
        // A continuation byte behind the cut belongs to the scalar before it.
        if isTruncated { while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 } }
        byteCount = end
    }

    /// What is kept of the string.
    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: byteCount) }

    /// Length and mark as a long text has them.
    @inlinable var head: UInt16 { UInt16(byteCount) | (isTruncated ? 0x8000 : 0) }

    @inlinable
    func copy(to address: UnsafeMutableRawPointer) {
        guard let start else { return }
        address.copyMemory(from: start, byteCount: byteCount)
    }
}

extension DenseEncoding {
    @inlinable
    public static func text(_ text: TextArgument) -> Text { Text(text) }

    @inlinable
    public static func wide(_ payload: UnsafeRawBufferPointer) -> Wide { Wide(payload) }

    @frozen
    public struct Text: EncodedRecord {
        @usableFromInline let text: TextArgument
        @usableFromInline let isLong: Bool

        @inlinable
        init(_ text: TextArgument) {
            self.text = text
            isLong = text.isTruncated || text.byteCount > 250
        }

        @inlinable public var byteCount: Int { (isLong ? 6 : 4) + text.byteCount }
        @inlinable public var excess: Int { text.byteCount }

        @inlinable
        public func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
            let first = isLong ? 255 : UInt32(truncatingIfNeeded: text.byteCount)
            address.storeBytes(of: (head(id, delta) | first &<< 24).littleEndian, as: UInt32.self)
            if isLong { (address + 4).storeBytes(of: text.head.littleEndian, as: UInt16.self) }
            text.copy(to: address + (isLong ? 6 : 4))
        }
    }

    @frozen
    public struct Wide: EncodedRecord {
        @usableFromInline let payload: UnsafeRawBufferPointer

        @inlinable init(_ payload: UnsafeRawBufferPointer) { self.payload = payload }

        @inlinable public var byteCount: Int { 5 + payload.count }
        @inlinable public var excess: Int { payload.count }

        @inlinable
        public func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
            address.storeBytes(of: head(id, delta).littleEndian, as: UInt32.self)
            (address + 3).storeBytes(of: UInt16(payload.count).littleEndian, as: UInt16.self)
            guard let start = payload.baseAddress else { return }
            (address + 5).copyMemory(from: start, byteCount: payload.count)
        }
    }

    @inlinable
    public static func storeExtended(
        _ record: some EncodedRecord, id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer
    ) {
        // The payload begins two bytes later, so the record is stored there and its own head overwritten.
        record.store(id: 0, delta: 0, to: address + 2)
        address.storeBytes(of: UInt8(RecordID.extended), as: UInt8.self)
        (address + 1).storeBytes(of: UInt16(delta).littleEndian, as: UInt16.self)
        (address + 3).storeBytes(of: UInt16(id).littleEndian, as: UInt16.self)
    }
}

/// The fields of a wide record, laid out one after the other.
@frozen
public struct WidePayload: ~Copyable {
    @usableFromInline let buffer: UnsafeMutableRawBufferPointer
    @usableFromInline var count = 0

    /// So that a record fits the smallest page beside its header.
    @inlinable public static var maximumByteCount: Int { 3072 }

    /// - Parameter buffer: ``maximumByteCount`` bytes, and 8 more that stores may touch.
    @inlinable
    public init(in buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

    @inlinable
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

    @inlinable
    public mutating func append(number: UInt64) {
        let record = DenseEncoding.one(number)
        record.storeVarint(to: buffer.baseAddress.unsafelyUnwrapped + count)
        count += 1 + record.extra
    }

    /// Cuts the string where it does not fit, leaving room for `fieldsLeft` numbers or empty strings.
    @inlinable
    public mutating func append(text bytes: UnsafeRawBufferPointer, fieldsLeft: Int) {
        let room = Self.maximumByteCount - count - 2 - 9 * fieldsLeft
        let text = TextArgument(bytes, limit: min(TextArgument.maximumByteCount, room))
        let address = buffer.baseAddress.unsafelyUnwrapped + count
        address.storeBytes(of: text.head.littleEndian, as: UInt16.self)
        text.copy(to: address + 2)
        count += 2 + text.byteCount
    }
}
