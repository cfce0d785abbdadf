/// How the record strategies lay records out: a 4-byte length, the bytes, and up to 7 bytes to the next multiple of 8.
@usableFromInline
enum RecordFraming {
    /// In place of a length: the rest of the ring is unused, go on at its start.
    @inlinable @inline(__always) static var skip: UInt32 { .max }

    @inlinable @inline(__always)
    static func footprint(_ byteCount: Int) -> UInt64 { (UInt64(byteCount) &+ 11) & ~7 }

    // SAFETY (both): the caller owns `footprint(record.count)` bytes at `place`, which is a multiple of 8.
    @inlinable @inline(__always)
    static func write(_ record: UnsafeRawBufferPointer, at place: UnsafeMutableRawPointer) {
        place.storeBytes(of: UInt32(truncatingIfNeeded: record.count), as: UInt32.self)
        (place + 4).copyMemory(from: record.baseAddress.unsafelyUnwrapped, byteCount: record.count)
    }

    @inlinable @inline(__always)
    static func read(at place: UnsafeMutableRawPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: place + 4, count: Int(place.load(as: UInt32.self)))
    }
}
