public import MemoryAccess
public import Synchronization

/// The words that the producer and the readers of a broadcast ring share, and where they lie.
///
///     byte    0   fine      index one past the last element published    written by the producer, every publication
///     byte  128   claimed   index one past the last slot it may write    written by the producer, once per step
///     byte  256   owners    producer, reader source and readers left     read-modify-write, at their birth and death
///     byte  264   closed    1 once the producer is gone                  written once
///     byte  272   start     the first index                              constant
///     byte  512   slots
@frozen
public struct BroadcastControl<Memory: MemoryModel>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutableRawPointer

    @usableFromInline static var headerByteCount: Int { 512 }

    @inlinable @inline(__always)
    init(base: UnsafeMutableRawPointer) { self.base = base }

    // SAFETY: `base` is 128-byte aligned and holds the header and all slots; every word that is reached through here was
    // bound and initialised by `initialize` before any half saw it.
    @inlinable @inline(__always)
    func word(at offset: Int) -> SharedWord { (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self) }

    @inlinable @inline(__always) var fine: SharedWord { word(at: 0) }
    @inlinable @inline(__always) var claimed: SharedWord { word(at: 128) }
    @inlinable @inline(__always) var owners: SharedWord { word(at: 256) }
    @inlinable @inline(__always) var closed: SharedWord { word(at: 264) }
    @inlinable @inline(__always) var start: UInt64 { Memory.loadRelaxed(word(at: 272)) }
    @inlinable @inline(__always) var slots: UnsafeMutableRawPointer { base + Self.headerByteCount }

    /// Binds and initialises all words: two owners, the producer and the reader source.
    @inlinable
    func initialize(startingAt index: UInt64, slotBytes: Int) {
        let words = (Self.headerByteCount + slotBytes) / 8
        let first = base.bindMemory(to: Atomic<UInt64>.self, capacity: words)
        for offset in 0..<words { (first + offset).initialize(to: Atomic(0)) }
        for (word, value) in [(fine, index), (claimed, index), (owners, 2), (self.word(at: 272), index)] {
            Memory.storeRelaxed(value, to: word)
        }
    }

    @inlinable
    func addOwner() { _ = Memory.fetchAdd(1, to: owners, order: .relaxed) }

    /// Drops one reference; the last frees the memory, so many bytes.
    @inlinable
    func removeOwner(byteCount: Int) {
        // Releases this owner's accesses to, and acquires all others' from, the one that frees.
        guard Memory.fetchAdd(.max, to: owners) == 1 else { return }
        Memory.willFree(base, byteCount: byteCount)
        base.deallocate()
    }
}

/// How an element lies in its slot, and the steps in which slots are claimed and requested.
@frozen
@usableFromInline
enum BroadcastSlot<Element: BitwiseCopyable> {
    /// 64-bit words of an element, 1 or more.
    @inlinable @inline(__always) static var words: Int { max(1, (MemoryLayout<Element>.size + 7) / 8) }
    @inlinable @inline(__always) static var stride: Int { words &* 8 }

    /// Of a ring with all its words.
    @inlinable
    static func ringByteCount<Memory: MemoryModel>(mask: UInt64, _: Memory.Type) -> Int {
        BroadcastControl<Memory>.headerByteCount + (Int(mask) + 1) * stride
    }

    /// Slots in four lines, rounded to a power of two, 1 or more; never more than a claim.
    @inlinable @inline(__always)
    static func chunk(mask: UInt64) -> UInt64 { min(slots(inBytes: 256), claimStep(mask: mask)) }

    /// Indices claimed at a time: a power of two, a KiB of slots, at most an eighth of the ring, 1 or more.
    @inlinable @inline(__always)
    static func claimStep(mask: UInt64) -> UInt64 { max(1, min(slots(inBytes: 1024), (mask &+ 1) / 8)) }

    @inlinable @inline(__always)
    static func slots(inBytes bytes: Int) -> UInt64 {
        let fitting = max(1, bytes / stride)
        return 1 &<< UInt64(Int.bitWidth &- 1 &- fitting.leadingZeroBitCount)
    }

    /// Stores the words of `element`, each with release (invariant 3).
    @inlinable @inline(__always)
    static func store<Memory: MemoryModel>(_ element: Element, at slot: SharedWord, _: Memory.Type) {
        let size = MemoryLayout<Element>.size
        withUnsafeBytes(of: element) { bytes in
            var index = 0
            while index < words {
                // SAFETY: whole words lie within `size`; what is left of the last is copied by its length.
                var word: UInt64 = 0
                if index &* 8 &+ 8 <= size {
                    word = bytes.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self)
                } else {
                    var offset = index &* 8
                    while offset < size {
                        let byte = UInt64(bytes[offset])
                        #if _endian(little)
                            word |= byte &<< UInt64((offset & 7) &* 8)
                        #else
                            word |= byte &<< UInt64(56 &- (offset & 7) &* 8)
                        #endif
                        offset &+= 1
                    }
                }
                Memory.storeRelease(word, to: slot + index)
                index &+= 1
            }
        }
    }

    /// Loads the words of a slot, each with acquire (invariant 3), and makes an element of them if `isWhole`, which is
    /// asked afterwards, says that they belong together.
    @inlinable @inline(__always)
    static func load<Memory: MemoryModel>(
        at slot: SharedWord, _: Memory.Type, ifStill isWhole: () -> Bool
    ) -> Element? {
        if words == 1 {
            let word = Memory.loadAcquire(slot)
            // SAFETY: an element of at most 8 bytes whose bits these are.
            return isWhole() ? withUnsafeBytes(of: word) { $0.loadUnaligned(as: Element.self) } : nil
        }
        return withUnsafeTemporaryAllocation(
            byteCount: words &* 8, alignment: max(8, MemoryLayout<Element>.alignment)
        ) { copy in
            var index = 0
            while index < words {
                copy.storeBytes(of: Memory.loadAcquire(slot + index), toByteOffset: index &* 8, as: UInt64.self)
                index &+= 1
            }
            // SAFETY: `copy` is aligned for an element and holds all of its bytes.
            return isWhole() ? copy.load(as: Element.self) : nil
        }
    }
}
