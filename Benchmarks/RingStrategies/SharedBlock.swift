public import Synchronization

/// The memory that the ends of one ring share, freed by the end that goes last.
///
///     byte    0            owners    how many ends still live
///     byte  128 * (1 + n)  line n    control words; words of different writers lie on different lines
///     then                 payload
///
/// A line is 128 bytes: x86-64 prefetches 64-byte lines in pairs. All of it starts as zero, which also faults it in.
@frozen
@usableFromInline
struct SharedBlock: @unchecked Sendable {
    @usableFromInline typealias Word = UnsafeMutablePointer<Atomic<UInt64>>

    @usableFromInline let base: UnsafeMutableRawPointer

    @inlinable
    init(lines: Int, payloadByteCount: Int, owners: UInt64 = 2) {
        let wordCount = (128 * (1 + lines) + payloadByteCount + 7) / 8
        base = .allocate(byteCount: wordCount * 8, alignment: 128)
        base.initializeMemory(as: UInt64.self, repeating: 0, count: wordCount)
        Self.initializeWords(at: base, count: 1, to: owners)
        for line in 0..<lines { Self.initializeWords(at: base + 128 * (1 + line), count: 16, to: 0) }
    }

    @inlinable
    static func initializeWords(at address: UnsafeMutableRawPointer, count: Int, to value: UInt64) {
        let words = address.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for i in 0..<count { (words + i).initialize(to: Atomic(value)) }
    }

    // SAFETY: `init` bound and initialised the 16 words of every control line before an end existed.
    @inlinable @inline(__always)
    func word(line: Int) -> Word { (base + 128 * (1 + line)).assumingMemoryBound(to: Atomic<UInt64>.self) }

    @inlinable @inline(__always)
    func payload(afterLines lines: Int) -> UnsafeMutableRawPointer { base + 128 * (1 + lines) }

    // SAFETY: as for `word(line:)`.
    @inlinable @inline(__always)
    var owners: Word { base.assumingMemoryBound(to: Atomic<UInt64>.self) }

    /// One more end holds the block.
    @inlinable
    func retain() { owners.pointee.wrappingAdd(1, ordering: .relaxed) }

    /// One end is gone. True for the last one, which destroys what needs destroying and calls ``deallocate()``.
    ///
    /// Releases this end's accesses to the last end, and acquires those of all others.
    @inlinable
    func isLastRelease() -> Bool { owners.pointee.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 }

    @inlinable
    func deallocate() { base.deallocate() }

    /// ``isLastRelease()`` for a ring whose items need no destruction.
    @inlinable
    func release() { if isLastRelease() { deallocate() } }
}

/// A power of two of slots, addressed by indices that never wrap: the slot is `index & mask`.
@frozen
@usableFromInline
struct Slots<Item: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutablePointer<Item>
    @usableFromInline let mask: UInt64

    @inlinable
    init(_ memory: UnsafeMutableRawPointer, count: Int) {
        base = memory.bindMemory(to: Item.self, capacity: count)
        mask = UInt64(count - 1)
    }

    @inlinable @inline(__always) var count: UInt64 { mask &+ 1 }

    // SAFETY (all members): `index & mask` stays inside the `mask + 1` slots; that no other thread touches the slot is
    // what the indices of each strategy arrange.
    @inlinable @inline(__always)
    subscript(index: UInt64) -> Item {
        get { base[Int(truncatingIfNeeded: index & mask)] }
        nonmutating set { base[Int(truncatingIfNeeded: index & mask)] = newValue }
    }

    /// Copies the first `count` items to the slots from `index`: two straight copies at most.
    @inlinable @inline(__always)
    func write(_ items: UnsafeBufferPointer<Item>, count: Int, at index: UInt64) {
        guard count > 0, let source = items.baseAddress else { return }
        let at = Int(truncatingIfNeeded: index & mask)
        let first = min(count, Int(mask) + 1 - at)
        (base + at).update(from: source, count: first)
        if first < count { base.update(from: source + first, count: count - first) }
    }

    /// Visits `count` slots from `index`: two straight loops at most.
    @inlinable @inline(__always)
    func visit(_ count: Int, at index: UInt64, _ visit: (Item) -> Void) {
        let at = Int(truncatingIfNeeded: index & mask)
        let first = min(count, Int(mask) + 1 - at)
        for i in at..<at + first { visit(base[i]) }
        for i in 0..<count - first { visit(base[i]) }
    }
}

/// The least power of two that is not below `count`: nor below `least`, itself a power of two.
@inlinable
func roundedUp(_ count: Int, atLeast least: Int = 2) -> Int {
    var capacity = least
    while capacity < count { capacity *= 2 }
    return capacity
}
