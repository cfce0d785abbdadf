public import CPlatform
public import Synchronization

/// The machine's own memory.
@frozen
public enum NativeMemory: MemoryModel {
    @inlinable @inline(__always)
    public static func loadRelaxed(_ word: SharedWord) -> UInt64 { word.pointee.load(ordering: .relaxed) }

    @inlinable @inline(__always)
    public static func loadAcquire(_ word: SharedWord) -> UInt64 { word.pointee.load(ordering: .acquiring) }

    @inlinable @inline(__always)
    public static func loadOwn(_ word: SharedWord) -> UInt64 {
        // SAFETY: an atomic word is laid out as the word, and no other thread writes it.
        UnsafeRawPointer(word).load(as: UInt64.self)
    }

    @inlinable @inline(__always)
    public static func storeRelaxed(_ value: UInt64, to word: SharedWord) {
        word.pointee.store(value, ordering: .relaxed)
    }

    @inlinable @inline(__always)
    public static func storeRelease(_ value: UInt64, to word: SharedWord) {
        word.pointee.store(value, ordering: .releasing)
    }

    @inlinable @inline(__always)
    public static func fetchAdd(_ value: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        switch order {
        case .relaxed: word.pointee.wrappingAdd(value, ordering: .relaxed).oldValue
        case .acquiring: word.pointee.wrappingAdd(value, ordering: .acquiring).oldValue
        case .releasing: word.pointee.wrappingAdd(value, ordering: .releasing).oldValue
        case .acquiringAndReleasing: word.pointee.wrappingAdd(value, ordering: .acquiringAndReleasing).oldValue
        }
    }

    @inlinable @inline(__always)
    public static func fetchOr(_ bits: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        switch order {
        case .relaxed: word.pointee.bitwiseOr(bits, ordering: .relaxed).oldValue
        case .acquiring: word.pointee.bitwiseOr(bits, ordering: .acquiring).oldValue
        case .releasing: word.pointee.bitwiseOr(bits, ordering: .releasing).oldValue
        case .acquiringAndReleasing: word.pointee.bitwiseOr(bits, ordering: .acquiringAndReleasing).oldValue
        }
    }

    @inlinable @inline(__always)
    public static func fence() { atomicMemoryFence(ordering: .sequentiallyConsistent) }

    @inlinable @inline(__always)
    public static func releaseFence() { atomicMemoryFence(ordering: .releasing) }

    @inlinable
    public static func prepareFences() { cplatform_prepare_fences() }

    @inlinable @inline(__always)
    public static func lightFence() { cplatform_light_fence() }

    @inlinable
    public static func heavyFence() { cplatform_heavy_fence() }

    @inlinable @inline(__always)
    public static func willRead(_ cell: UnsafeRawPointer, byteCount: Int) {}

    @inlinable @inline(__always)
    public static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int) {}

    @inlinable @inline(__always)
    public static func pause() { cplatform_pause() }

    @inlinable @inline(__always)
    public static func prefetchForReading(_ address: UnsafeRawPointer) { cplatform_prefetch_read(address) }

    @inlinable @inline(__always)
    public static func prefetchForWriting(_ address: UnsafeRawPointer) { cplatform_prefetch_write(address) }

    @inlinable @inline(__always)
    public static func evict(_ address: UnsafeRawPointer) { cplatform_evict(address) }

    /// A ring that fits the first-level cache is not worth a way to memory, and from one larger than the second-level
    /// cache lines leave by themselves: but only to the third level, from where another core complex has to fetch them.
    @inlinable
    public static func eviction(ringByteCount: Int) -> Eviction {
        if ringByteCount < 32 << 10 || evictionLimit == 0 { return .never }
        return ringByteCount <= evictionLimit ? .always : .far
    }

    @inlinable @inline(__always)
    public static func comesFromFar(_ word: SharedWord) -> Bool { cplatform_comes_from_far(word) }

    @usableFromInline static let evictionLimit = cplatform_eviction_limit()
}
