/// The encoding that ships: three bytes of id and time, and the arguments in as few bytes as they need
/// (docs/FORMAT.md, "Dense records").
///
/// No store's address depends on the time, and none of the code on the data but for a number of 57 bits or more: what
/// makes a varint dear is the branch that the processor cannot foresee.
@frozen
public enum DenseEncoding: RecordEncoding {
    @inlinable public static var code: UInt16 { 1 }
    @inlinable public static var maximumDelta: UInt64 { 0xFFFF }
    @inlinable public static var maximumID: UInt32 { UInt32(RecordID.lastEvent) }

    @inlinable @inline(__always)
    public static func none() -> None { None() }

    @inlinable @inline(__always)
    public static func one(_ a: UInt64) -> One { One(a) }

    @inlinable @inline(__always)
    public static func two(_ a: UInt64, _ b: UInt64) -> Two { Two(a, b) }

    @inlinable @inline(__always)
    public static func three(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> Three { Three(a, b, c) }

    /// Bytes that hold `value`, less one: 0 to 7.
    @inlinable @inline(__always)
    static func lengthLessOne(_ value: UInt64) -> Int { (63 &- (value | 1).leadingZeroBitCount) &>> 3 }

    @inlinable @inline(__always)
    static func head(_ id: UInt32, _ delta: UInt64) -> UInt32 { id | UInt32(truncatingIfNeeded: delta) &<< 8 }

    @frozen
    public struct None: EncodedRecord {
        @inlinable init() {}

        @inlinable public var byteCount: Int { 3 }

        @inlinable @inline(__always)
        public func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
            address.storeBytes(of: head(id, delta).littleEndian, as: UInt32.self)
        }
    }

    @frozen
    public struct One: EncodedRecord {
        @usableFromInline let value: UInt64
        /// Bytes of the prefix varint, less one: 0 to 8.
        @usableFromInline let extra: Int

        @inlinable @inline(__always)
        init(_ value: UInt64) {
            self.value = value
            let highest = 63 &- (value | 1).leadingZeroBitCount
            // highest / 7, and 8 from the 57th bit on: 8 is the only number to add that makes both right.
            extra = (highest &* 9 &+ 8) &>> 6
        }

        @inlinable @inline(__always)
        public var byteCount: Int { 4 &+ extra }

        @inlinable @inline(__always)
        public func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
            address.storeBytes(of: head(id, delta).littleEndian, as: UInt32.self)
            storeVarint(to: address + 3)
        }

        @inlinable @inline(__always)
        func storeVarint(to address: UnsafeMutableRawPointer) {
            if extra < 8 {
                let varint = (2 &* value &+ 1) &<< UInt64(truncatingIfNeeded: extra)
                address.storeBytes(of: varint.littleEndian, as: UInt64.self)
            } else {
                address.storeBytes(of: 0, as: UInt8.self)
                (address + 1).storeBytes(of: value.littleEndian, as: UInt64.self)
            }
        }
    }

    @frozen
    public struct Two: EncodedRecord {
        @usableFromInline let a, b: UInt64
        @usableFromInline let extraA, extraB: Int

        @inlinable @inline(__always)
        init(_ a: UInt64, _ b: UInt64) {
            self.a = a
            self.b = b
            extraA = lengthLessOne(a)
            extraB = lengthLessOne(b)
        }

        @inlinable @inline(__always)
        public var byteCount: Int { 6 &+ extraA &+ extraB }

        @inlinable @inline(__always)
        public func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
            let control = UInt32(truncatingIfNeeded: extraA | extraB &<< 4)
            address.storeBytes(of: (head(id, delta) | control &<< 24).littleEndian, as: UInt32.self)
            (address + 4).storeBytes(of: a.littleEndian, as: UInt64.self)
            (address + (5 &+ extraA)).storeBytes(of: b.littleEndian, as: UInt64.self)
        }
    }

    @frozen
    public struct Three: EncodedRecord {
        @usableFromInline let a, b, c: UInt64
        @usableFromInline let extraA, extraB: Int
        /// Of the third: log2 of 1, 2, 4 or 8 bytes.
        @usableFromInline let logC: Int

        @inlinable @inline(__always)
        init(_ a: UInt64, _ b: UInt64, _ c: UInt64) {
            self.a = a
            self.b = b
            self.c = c
            extraA = lengthLessOne(a)
            extraB = lengthLessOne(b)
            // 0, 1, 2, 2, 3, 3, 3, 3 for 1 to 8 bytes.
            logC = (0xFFA4 &>> (2 &* lengthLessOne(c))) & 3
        }

        @inlinable @inline(__always)
        public var byteCount: Int { 6 &+ extraA &+ extraB &+ 1 &<< logC }

        @inlinable @inline(__always)
        public func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
            let control = UInt32(truncatingIfNeeded: extraA | extraB &<< 3 | logC &<< 6)
            address.storeBytes(of: (head(id, delta) | control &<< 24).littleEndian, as: UInt32.self)
            (address + 4).storeBytes(of: a.littleEndian, as: UInt64.self)
            (address + (5 &+ extraA)).storeBytes(of: b.littleEndian, as: UInt64.self)
            (address + (6 &+ extraA &+ extraB)).storeBytes(of: c.littleEndian, as: UInt64.self)
        }
    }
}

// MARK: What is not an event

extension DenseEncoding {
    @inlinable
    public static func storeSync(_ delta: UInt64, to address: UnsafeMutableRawPointer) -> Int {
        var length = 0
        // Highest digit first.
        var shift: UInt64 = 48
        while shift > 0 {
            if delta &>> shift != 0 {
                let digit = delta &>> shift & 0xFFFF
                (address + length).storeBytes(of: head(UInt32(RecordID.sync), digit).littleEndian, as: UInt32.self)
                length += 3
            }
            shift -= 16
        }
        return length
    }

    @inlinable
    public static func storeGeneration(
        _ generation: UInt64, time: UInt64, delta: UInt64, to address: UnsafeMutableRawPointer
    ) -> Int {
        let kind = UInt32(ControlKind.generation.rawValue) &<< 24
        address.storeBytes(of: (head(UInt32(RecordID.control), delta) | kind).littleEndian, as: UInt32.self)
        (address + 4).storeBytes(of: generation.littleEndian, as: UInt64.self)
        (address + 12).storeBytes(of: time.littleEndian, as: UInt64.self)
        return 20
    }
}
