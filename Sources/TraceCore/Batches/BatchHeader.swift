/// The 64 bytes before a batch's records, as in docs/FORMAT.md. A value: a reader works on its copy.
@frozen
public struct BatchHeader: Sendable, Hashable {
    public var encoding: UInt16
    public var timeShift: UInt8
    public var flags: UInt8
    /// Pages are claimed in this order, over all threads.
    public var ticket: UInt64
    /// Events of this lane before the first of this batch, lost ones included. 48 bits, wraps.
    public var baseIndex: UInt64
    /// The generation of the first event.
    public var generation: UInt64
    /// In units of 2^timeShift ticks: what the first delta counts from.
    public var baseTime: UInt64
    /// The registry slot that the thread wrote through.
    public var lane: UInt32
    /// The system's id of the thread.
    public var thread: UInt32
    /// baseIndex + events, lost ones included; 48 bits, wraps.
    public var endIndex: UInt64
    /// Bytes of records behind the header.
    public var byteCount: UInt32
    /// Schemas registered when the page was opened.
    public var schemaCount: UInt32

    @inlinable public static var byteCount: Int { 64 }
    /// "BTCH" in memory.
    @inlinable public static var magic: UInt32 { 0x4843_5442 }

    /// Where the fields stand that a live page's owner and its readers touch by themselves.
    @frozen
    @usableFromInline
    enum Offset {
        @inlinable static var baseIndex: Int { 16 }
        @inlinable static var endIndex: Int { 48 }
        @inlinable static var byteCount: Int { 56 }
        @inlinable static var schemaCount: Int { 60 }
    }

    @inlinable
    public init(
        encoding: UInt16 = 1, timeShift: UInt8 = 0, flags: UInt8 = 0, ticket: UInt64 = 0, baseIndex: UInt64 = 0,
        generation: UInt64 = 0, baseTime: UInt64 = 0, lane: UInt32 = 0, thread: UInt32 = 0, endIndex: UInt64 = 0,
        byteCount: UInt32 = 0, schemaCount: UInt32 = 0
    ) {
        self.encoding = encoding
        self.timeShift = timeShift
        self.flags = flags
        self.ticket = ticket
        self.baseIndex = baseIndex
        self.generation = generation
        self.baseTime = baseTime
        self.lane = lane
        self.thread = thread
        self.endIndex = endIndex
        self.byteCount = byteCount
        self.schemaCount = schemaCount
    }

    /// The events of the batch, lost ones included.
    @inlinable public var eventCount: UInt64 { (endIndex &- baseIndex) & 0xFFFF_FFFF_FFFF }

    /// Writes the header to 64 bytes at `address`, which is aligned to 8.
    @inlinable
    public func store(to address: UnsafeMutableRawPointer) {
        address.storeBytes(of: Self.magic.littleEndian, toByteOffset: 0, as: UInt32.self)
        address.storeBytes(of: encoding.littleEndian, toByteOffset: 4, as: UInt16.self)
        address.storeBytes(of: timeShift, toByteOffset: 6, as: UInt8.self)
        address.storeBytes(of: flags, toByteOffset: 7, as: UInt8.self)
        address.storeBytes(of: ticket.littleEndian, toByteOffset: 8, as: UInt64.self)
        address.storeBytes(of: baseIndex.littleEndian, toByteOffset: 16, as: UInt64.self)
        address.storeBytes(of: generation.littleEndian, toByteOffset: 24, as: UInt64.self)
        address.storeBytes(of: baseTime.littleEndian, toByteOffset: 32, as: UInt64.self)
        address.storeBytes(of: lane.littleEndian, toByteOffset: 40, as: UInt32.self)
        address.storeBytes(of: thread.littleEndian, toByteOffset: 44, as: UInt32.self)
        address.storeBytes(of: endIndex.littleEndian, toByteOffset: 48, as: UInt64.self)
        address.storeBytes(of: byteCount.littleEndian, toByteOffset: 56, as: UInt32.self)
        address.storeBytes(of: schemaCount.littleEndian, toByteOffset: 60, as: UInt32.self)
    }

    /// Reads the header at `offset` of `bytes`. Nil where there is no magic number. The fields are as found: nothing else
    /// is checked.
    ///
    /// - Precondition: 64 bytes stand at `offset`.
    @inlinable
    public init?(_ bytes: RawSpan, at offset: Int = 0) {
        func load<Number: FixedWidthInteger & BitwiseCopyable>(_ position: Int, as type: Number.Type) -> Number {
            Number(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset + position, as: Number.self))
        }
        guard load(0, as: UInt32.self) == Self.magic else { return nil }
        encoding = load(4, as: UInt16.self)
        timeShift = load(6, as: UInt8.self)
        flags = load(7, as: UInt8.self)
        ticket = load(8, as: UInt64.self)
        baseIndex = load(16, as: UInt64.self)
        generation = load(24, as: UInt64.self)
        baseTime = load(32, as: UInt64.self)
        lane = load(40, as: UInt32.self)
        thread = load(44, as: UInt32.self)
        endIndex = load(48, as: UInt64.self)
        byteCount = load(56, as: UInt32.self)
        schemaCount = load(60, as: UInt32.self)
    }
}

// MARK: Live pages

extension BatchHeader {
    /// What stands in a page's header while it is open: all but its end, which the owner may be writing. The end is 0.
    @inlinable
    init(open address: UnsafeRawPointer) {
        self.init(
            encoding: UInt16(littleEndian: address.load(fromByteOffset: 4, as: UInt16.self)),
            timeShift: address.load(fromByteOffset: 6, as: UInt8.self),
            flags: address.load(fromByteOffset: 7, as: UInt8.self),
            ticket: UInt64(littleEndian: address.load(fromByteOffset: 8, as: UInt64.self)),
            baseIndex: UInt64(littleEndian: address.load(fromByteOffset: Offset.baseIndex, as: UInt64.self)),
            generation: UInt64(littleEndian: address.load(fromByteOffset: 24, as: UInt64.self)),
            baseTime: UInt64(littleEndian: address.load(fromByteOffset: 32, as: UInt64.self)),
            lane: UInt32(littleEndian: address.load(fromByteOffset: 40, as: UInt32.self)),
            thread: UInt32(littleEndian: address.load(fromByteOffset: 44, as: UInt32.self)),
            schemaCount: UInt32(littleEndian: address.load(fromByteOffset: 60, as: UInt32.self)))
    }

    /// The end of a sealed page.
    @inlinable
    static func end(of address: UnsafeRawPointer) -> (index: UInt64, byteCount: UInt32) {
        (
            UInt64(littleEndian: address.load(fromByteOffset: Offset.endIndex, as: UInt64.self)),
            UInt32(littleEndian: address.load(fromByteOffset: Offset.byteCount, as: UInt32.self))
        )
    }
}
