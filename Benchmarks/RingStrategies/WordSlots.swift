public import Synchronization

/// Slots that may be overwritten while they are read: an item is copied word by word through atomics, so a torn copy is
/// an item to be thrown away and not a data race. For items whose stride is a multiple of 8.
///
/// The words are stored with release and loaded with acquire order: a reader that met a word of a newer item also meets
/// the mark that its writer set before, and validation fails. (Relaxed words between fences say the same; the thread
/// sanitizer does not understand those. On x86-64 both are plain moves.)
@frozen
@usableFromInline
struct WordSlots<Item: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let base: SharedBlock.Word
    /// Words from one slot to the next: the item's, after `header` of the strategy's own.
    @usableFromInline let stride: Int
    @usableFromInline let header: Int

    @inlinable
    static var wordsPerItem: Int { MemoryLayout<Item>.stride / 8 }

    @inlinable
    static func byteCount(_ count: Int, header: Int) -> Int { count * (wordsPerItem + header) * 8 }

    @inlinable
    init(_ memory: UnsafeMutableRawPointer, count: Int, header: Int) {
        precondition(MemoryLayout<Item>.size == Self.wordsPerItem * 8, "an item is whole words")
        stride = Self.wordsPerItem + header
        self.header = header
        SharedBlock.initializeWords(at: memory, count: count * stride, to: 0)
        base = memory.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// The first of the slot's own words.
    @inlinable @inline(__always)
    func mark(_ slot: Int) -> SharedBlock.Word { base + slot &* stride }

    // SAFETY: `item` is `wordsPerItem` whole words (checked by `init`), and the caller's slot number is in range.
    @inlinable @inline(__always)
    func store(_ item: Item, in slot: Int) {
        let words = base + (slot &* stride &+ header)
        withUnsafeBytes(of: item) { bytes in
            for i in 0..<Self.wordsPerItem {
                let word = bytes.loadUnaligned(fromByteOffset: i &* 8, as: UInt64.self)
                (words + i).pointee.store(word, ordering: .releasing)
            }
        }
    }

    // SAFETY: all words of the temporary are written, and any bits make a valid `BitwiseCopyable` item of whole words.
    @inlinable @inline(__always)
    func load(_ slot: Int) -> Item {
        let words = base + (slot &* stride &+ header)
        return withUnsafeTemporaryAllocation(of: Item.self, capacity: 1) { item in
            let bytes = UnsafeMutableRawPointer(item.baseAddress!)
            for i in 0..<Self.wordsPerItem {
                bytes.storeBytes(
                    of: (words + i).pointee.load(ordering: .acquiring), toByteOffset: i &* 8, as: UInt64.self)
            }
            return item[0]
        }
    }
}
