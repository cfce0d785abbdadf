public import MemoryAccess
public import Synchronization

/// The words that the two halves of a byte ring share, and where they lie.
///
///     byte    0   fine      position one past the last record            written by the producer, every record
///     byte  128   coarse    a lagging copy of `fine`                      written by the producer, about once per KiB
///     byte  136   bound     one past the last byte known to be free       the producer's own
///     byte  256   released  position one past the last byte given back   written by the consumer
///     byte  264   tail      one past the last byte known to be written    the consumer's own
///     byte  272   pace      how the consumer looks for records            the consumer's own
///     byte  384   closed    bit 0: producer gone, bit 1: consumer gone    written once by each
///     byte  392   mirrored  1 if the records' pages are mapped twice      constant
///     byte  400   bytes     the address of the records                    constant
///     byte  408   mask      capacity - 1                                  constant
///
/// 128 bytes lie between words of different writers or readers: x86-64 prefetches lines in pairs, and Apple's arm64
/// lines are 128 bytes. `bound`, `tail` and `pace` are not shared: see ``OwnWords``.
@frozen
public struct ByteRingControl<Memory: MemoryModel>: OwnWords, @unchecked Sendable {
    @usableFromInline let base: UnsafeMutableRawPointer

    @usableFromInline static var producerGone: UInt64 { 1 }
    @usableFromInline static var consumerGone: UInt64 { 2 }

    @inlinable @inline(__always)
    init(base: UnsafeMutableRawPointer) { self.base = base }

    // SAFETY: `base` is 128-byte aligned, holds `ByteRingStorage.controlByteCount` bytes, and all of its words were bound
    // and initialised by `initialize` before either half saw it.
    @inlinable @inline(__always)
    func word(at offset: Int) -> SharedWord { (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self) }

    @inlinable @inline(__always) var fine: SharedWord { word(at: 0) }
    @inlinable @inline(__always) var coarse: SharedWord { word(at: 128) }
    @inlinable @inline(__always) var released: SharedWord { word(at: 256) }
    @inlinable @inline(__always) var closed: SharedWord { word(at: 384) }
    @inlinable @inline(__always) var isMirrored: Bool { Memory.loadRelaxed(word(at: 392)) != 0 }

    @inlinable @inline(__always) var bytes: UnsafeMutableRawPointer {
        base.load(fromByteOffset: 400, as: UnsafeMutableRawPointer.self)
    }

    @inlinable @inline(__always) var mask: UInt64 { base.load(fromByteOffset: 408, as: UInt64.self) }

    /// What is added to a position to get its byte's address, for positions of the lap of `position`, and in a mirrored ring
    /// of the next. Modulo 2^64.
    @inlinable @inline(__always)
    func origin(of position: UInt64) -> UInt64 {
        UInt64(UInt(bitPattern: bytes)) &- (position & ~mask)
    }

    @inlinable
    func initialize(startingAt position: UInt64, bytes: UnsafeMutableRawPointer, mask: UInt64, isMirrored: Bool) {
        base.storeBytes(of: bytes, toByteOffset: 400, as: UnsafeMutableRawPointer.self)
        base.storeBytes(of: mask, toByteOffset: 408, as: UInt64.self)
        bound = position &+ mask &+ 1
        tail = position
        pace = ConsumerPace(eviction: Memory.eviction(ringByteCount: Int(mask) + 1))
        for (offset, value) in [
            (0, position), (128, position), (256, position), (384, 0), (392, isMirrored ? 1 : 0),
        ] {
            (base + offset).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(value))
        }
    }

    /// Marks one half as gone; the second to come frees the memory.
    @inlinable
    func close(half: UInt64) {
        // Acquires the other half's last accesses, which it released when it closed: they precede the free.
        guard Memory.fetchOr(half, to: closed) != 0 else { return }
        let bytes = bytes
        let storage = ByteRingStorage(
            control: base, bytes: bytes, capacity: Int(truncatingIfNeeded: mask) + 1, isMirrored: isMirrored)
        Memory.willFree(base, byteCount: ByteRingStorage.controlByteCount)
        Memory.willFree(bytes, byteCount: storage.capacity)
        storage.deallocate()
    }
}
