public import MemoryAccess
public import Synchronization

/// The words that the two halves of a byte ring share, and where they lie.
///
///     byte    0   fine      position one past the last record            written by the producer, every record
///     byte  128   coarse    a lagging copy of `fine`                      written by the producer, about once per KiB
///     byte  256   released  position one past the last byte given back   written by the consumer
///     byte  384   closed    bit 0: producer gone, bit 1: consumer gone    written once by each
///     byte  392   mirrored  1 if the records' pages are mapped twice      constant
///
/// 128 bytes lie between words of different writers or readers: x86-64 prefetches lines in pairs, and Apple's arm64
/// lines are 128 bytes.
@frozen
public struct ByteRingControl<Memory: MemoryModel>: @unchecked Sendable {
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

    @inlinable
    func initialize(startingAt position: UInt64, isMirrored: Bool) {
        for (offset, value) in [
            (0, position), (128, position), (256, position), (384, 0), (392, isMirrored ? 1 : 0),
        ] {
            (base + offset).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(value))
        }
    }

    /// Marks one half as gone; the second to come frees the memory.
    @inlinable
    func close(half: UInt64, bytes: UnsafeMutableRawPointer, mask: UInt64) {
        // Acquires the other half's last accesses, which it released when it closed: they precede the free.
        guard Memory.fetchOr(half, to: closed) != 0 else { return }
        let storage = ByteRingStorage(
            control: base, bytes: bytes, capacity: Int(truncatingIfNeeded: mask) + 1, isMirrored: isMirrored)
        Memory.willFree(base, byteCount: ByteRingStorage.controlByteCount)
        Memory.willFree(bytes, byteCount: storage.capacity)
        storage.deallocate()
    }
}
