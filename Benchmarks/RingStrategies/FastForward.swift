public import Synchronization

/// The slot itself says whether it is full (J. Giacomoni et al., "FastForward for Efficient Pipeline Parallelism", 2008):
/// a null word means empty. No index is shared, so control and data travel on the same line.
///
/// Layout: one word a slot, null or item + 1. **Restriction**: an item is one machine word and never `UInt64.max`,
/// whose code would be the null.
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push stores the slot | release | pop loads the slot |
/// | pop stores null | release | push loads the slot |
///
/// The item lies in the atomic word itself; the orders carry what an item may point to.
///
/// Gives up: a consumer at the producer's heels shares its line with it, and both sides write every line.
public enum FastForward {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity)
        let block = SharedBlock(lines: 0, payloadByteCount: count * 8)
        let words = NullableWords(block.payload(afterLines: 0), count: count)
        return Ends(producer: Producer(block, words), consumer: Consumer(block, words))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let words: NullableWords
        @usableFromInline var tail: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ words: NullableWords) {
            self.block = block
            self.words = words
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func push(_ item: UInt64) -> Bool {
            let slot = words[tail]
            guard slot.pointee.load(ordering: .acquiring) == 0 else { return false }
            slot.pointee.store(item &+ 1, ordering: .releasing)
            tail &+= 1
            return true
        }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let words: NullableWords
        @usableFromInline var head: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ words: NullableWords) {
            self.block = block
            self.words = words
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func pop() -> UInt64? {
            let slot = words[head]
            let code = slot.pointee.load(ordering: .acquiring)
            guard code != 0 else { return nil }
            slot.pointee.store(0, ordering: .releasing)
            head &+= 1
            return code &- 1
        }
    }
}

/// A power of two of words, all null at first.
@frozen
@usableFromInline
struct NullableWords: @unchecked Sendable {
    @usableFromInline let base: SharedBlock.Word
    @usableFromInline let mask: UInt64

    @inlinable
    init(_ memory: UnsafeMutableRawPointer, count: Int) {
        SharedBlock.initializeWords(at: memory, count: count, to: 0)
        base = memory.assumingMemoryBound(to: Atomic<UInt64>.self)
        mask = UInt64(count - 1)
    }

    // SAFETY: `index & mask` stays inside the words that `init` initialised.
    @inlinable @inline(__always)
    subscript(index: UInt64) -> SharedBlock.Word { base + Int(truncatingIfNeeded: index & mask) }
}
