public import MemoryAccess
public import Synchronization

/// The words that the two halves of a slot ring share, and where they lie.
///
///     byte    0   fine      index one past the last element pushed        written by the producer, every publication
///     byte    8   mail[0]   the bits of an even-indexed element           written by the producer, when asked to
///     byte   16   mail[1]   the bits of an odd-indexed element            likewise
///     byte   24   mailTail  one past the index of the last mail           likewise
///     byte  128   coarse    a lagging copy of `fine`                      written by the producer, once per KiB
///     byte  136   bound     one past the last slot known to be free       the producer's own
///     byte  256   released  index one past the last slot given back       written by the consumer
///     byte  264   tail      one past the last slot known to be written    the consumer's own
///     byte  272   pace      how the consumer looks for elements           the consumer's own
///     byte  384   closed    bit 0: producer gone, bit 1: consumer gone    written once by each
///     byte  392   wantsMail 1 while the consumer takes elements singly    written by the consumer, when that changes
///     byte  512   slots
///
/// 128 bytes lie between words of different writers or readers: x86-64 prefetches lines in pairs, and Apple's arm64
/// lines are 128 bytes.
/// `bound`, `tail` and `pace` are not shared: see ``OwnWords``.
@frozen
public struct SPSCControl<Memory: MemoryModel>: OwnWords, @unchecked Sendable {
    @usableFromInline let base: UnsafeMutableRawPointer

    @usableFromInline static var headerByteCount: Int { 512 }
    @usableFromInline static var producerGone: UInt64 { 1 }
    @usableFromInline static var consumerGone: UInt64 { 2 }

    @inlinable @inline(__always)
    init(base: UnsafeMutableRawPointer) { self.base = base }

    // SAFETY: `base` is 128-byte aligned, holds `headerByteCount` bytes, and all of its words were bound and initialised
    // by `initialize(startingAt:)` before either half saw it.
    @inlinable @inline(__always)
    func word(at offset: Int) -> SharedWord { (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self) }

    @inlinable @inline(__always) var fine: SharedWord { word(at: 0) }
    @inlinable @inline(__always) func mail(_ index: UInt64) -> SharedWord { word(at: 8 + Int(index & 1) &* 8) }
    @inlinable @inline(__always) var mailTail: SharedWord { word(at: 24) }
    @inlinable @inline(__always) var coarse: SharedWord { word(at: 128) }
    @inlinable @inline(__always) var released: SharedWord { word(at: 256) }
    @inlinable @inline(__always) var closed: SharedWord { word(at: 384) }
    @inlinable @inline(__always) var wantsMail: SharedWord { word(at: 392) }
    @inlinable @inline(__always) var slots: UnsafeMutableRawPointer { base + Self.headerByteCount }

    @inlinable
    func initialize(startingAt index: UInt64) {
        for (offset, value) in [
            (0, index), (8, 0), (16, 0), (24, index), (128, index), (256, index), (384, 0), (392, 0),
        ] {
            (base + offset).bindMemory(to: Atomic<UInt64>.self, capacity: 1).initialize(to: Atomic(value))
        }
    }
}
