/// Memory that one event is put together in before it goes on to an ``OutputBuffer`` as a whole. One thread at a time.
///
/// It owns `capacity` bytes, of which the first `count` are written. Invariants:
///
/// 1. `count <= capacity`, and each `put` reserves before it stores. Otherwise it would write behind the memory.
/// 2. The memory only grows, and only for an event larger than all before it. Otherwise the memory of an export would depend
///    on how many events there are.
struct EncodingBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 1024) {
        self.capacity = capacity
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    /// What is written, until the next change.
    // SAFETY: the first `count` bytes are written (invariant 1), and the buffer is not changed while it is borrowed.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    @inline(__always)
    mutating func removeAll() { count = 0 }

    /// What was written from `start` on, which is at most ``count``.
    mutating func removeAll(from start: Int) { count = min(count, start) }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if capacity &- count < more { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let larger = max(capacity * 2, count + more)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        memory.copyMemory(from: base, byteCount: count)
        base.deallocate()
        (base, capacity) = (memory, larger)
    }

    /// Where the next bytes belong, with room for so many; ``advance(to:)`` tells how many of them were written.
    @inline(__always)
    mutating func reserved(_ room: Int) -> UnsafeMutableRawPointer {
        reserve(room)
        // SAFETY: `count` bytes are written, so this lies in the memory or at its end (invariant 1).
        return base + count
    }

    /// - Parameter end: behind the last byte that was written where ``reserved(_:)`` said, and in the room that it made.
    @inline(__always)
    mutating func advance(to end: UnsafeMutableRawPointer) {
        count = end - base
        assert(count <= capacity)
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        reserve(1)
        // SAFETY: one byte is reserved.
        base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// The first `length` bytes of a vector, at most 16.
    @inline(__always)
    mutating func put(_ vector: SIMD16<UInt8>, length: Int) {
        reserve(16)
        // SAFETY: 16 bytes are reserved; those behind `length` are written again or never looked at.
        base.storeBytes(of: vector, toByteOffset: count, as: SIMD16<UInt8>.self)
        count &+= length
    }

    @inline(__always)
    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        reserve(bytes.count)
        // SAFETY: they are reserved, and a caller's memory is not this buffer's.
        (base + count).copyMemory(from: start, byteCount: bytes.count)
        count &+= bytes.count
    }

    @inline(__always)
    mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put($0) } }

    @inline(__always)
    mutating func put(_ text: StaticString) {
        // SAFETY: a static string's bytes are constant data.
        put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// UTF-8.
    mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
    }

    /// LEB128.
    @inline(__always)
    mutating func put(varint number: UInt64) {
        reserve(10)
        var rest = number
        while rest >= 0x80 {
            // SAFETY: ten bytes are reserved, and 64 bits take no more.
            base.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count &+= 1
            rest >>= 7
        }
        // SAFETY: the same.
        base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Little-endian.
    @inline(__always)
    mutating func put(fixed number: UInt64) {
        reserve(8)
        // SAFETY: eight bytes are reserved.
        base.storeBytes(of: number.littleEndian, toByteOffset: count, as: UInt64.self)
        count &+= 8
    }

    /// In decimal digits, with zeros in front up to `digits`.
    mutating func put(decimal number: UInt64, digits: Int = 1) {
        var length = 1
        var limit: UInt64 = 10
        while number >= limit {
            length += 1
            let (next, overflow) = limit.multipliedReportingOverflow(by: 10)
            if overflow { break }
            limit = next
        }
        length = max(length, digits)
        reserve(length)
        var rest = number
        for place in stride(from: count &+ length &- 1, through: count, by: -1) {
            // SAFETY: `length` bytes are reserved.
            base.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ rest % 10), toByteOffset: place, as: UInt8.self)
            rest /= 10
        }
        count &+= length
    }

    mutating func put(decimal number: Int64) {
        if number < 0 { put(UInt8(ascii: "-")) }
        put(decimal: number.magnitude)
    }

    /// `0x` and hexadecimal digits.
    mutating func put(hexadecimal number: UInt64) {
        put("0x")
        var shift = max(0, (63 - number.leadingZeroBitCount) / 4 * 4)
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift) & 15)
            put(digit < 10 ? 48 &+ digit : 87 &+ digit)
            shift -= 4
        }
    }
}

/// Bytes that a number takes in LEB128.
@inline(__always)
func varintByteCount(_ number: UInt64) -> Int {
    (70 &- (number | 1).leadingZeroBitCount) / 7
}
