/// Copies of short records without a call: overlapping blocks of 16 bytes, chosen by length class.
///
/// The first 16 bytes go as two words. What the caller has just stored there, such as a time or a number, cannot be
/// forwarded from the store buffer to a wider load, which waits until the store has reached the cache: 1.5 to 2 ns a record.
@frozen
@usableFromInline
enum ByteCopy {
    @usableFromInline typealias Block = SIMD16<UInt8>

    /// Copies all of `source` to `target`, and touches no other byte.
    @inlinable @inline(__always)
    static func copy(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
        guard let from = source.baseAddress else { return }
        let count = source.count
        // SAFETY: each move below lies within the first or the last bytes of `count`, so within both buffers.
        if _fastPath(count >= 16 && count <= 128) {
            if count > 32 {
                if count > 64 {
                    move(from, to: target, at: 32)
                    move(from, to: target, at: 48)
                    move(from, to: target, at: count &- 64)
                    move(from, to: target, at: count &- 48)
                }
                move(from, to: target, at: 16)
                move(from, to: target, at: count &- 32)
            }
            moveWord(from, to: target, at: 0)
            moveWord(from, to: target, at: 8)
            move(from, to: target, at: count &- 16)
        } else {
            copyOther(from, to: target, count: count)
        }
    }

    /// Out of line, so that a push stays small enough to be inlined where it is used.
    @inlinable @inline(never)
    static func copyOther(_ from: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
        if count < 16 {
            small(from, to: target, count: count)
        } else {
            target.copyMemory(from: from, byteCount: count)
        }
    }

    @inlinable @inline(__always)
    static func move(_ from: UnsafeRawPointer, to target: UnsafeMutableRawPointer, at offset: Int) {
        (target + offset).storeBytes(of: (from + offset).loadUnaligned(as: Block.self), as: Block.self)
    }

    @inlinable @inline(__always)
    static func moveWord(_ from: UnsafeRawPointer, to target: UnsafeMutableRawPointer, at offset: Int) {
        (target + offset).storeBytes(of: (from + offset).loadUnaligned(as: UInt64.self), as: UInt64.self)
    }

    @inlinable @inline(__always)
    static func small(_ from: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
        if count >= 8 {
            let (low, high) = (
                from.loadUnaligned(as: UInt64.self), (from + (count &- 8)).loadUnaligned(as: UInt64.self)
            )
            target.storeBytes(of: low, as: UInt64.self)
            (target + (count &- 8)).storeBytes(of: high, as: UInt64.self)
        } else if count >= 4 {
            let (low, high) = (
                from.loadUnaligned(as: UInt32.self), (from + (count &- 4)).loadUnaligned(as: UInt32.self)
            )
            target.storeBytes(of: low, as: UInt32.self)
            (target + (count &- 4)).storeBytes(of: high, as: UInt32.self)
        } else {
            var index = 0
            while index < count {
                target.storeBytes(
                    of: from.load(fromByteOffset: index, as: UInt8.self), toByteOffset: index, as: UInt8.self)
                index &+= 1
            }
        }
    }
}
