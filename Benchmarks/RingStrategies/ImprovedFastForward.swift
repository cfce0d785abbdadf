public import Synchronization

/// FastForward with a look-ahead for the producer and delayed clearing for the consumer (IFFQ: V. Maffione, G. Lettieri,
/// L. Rizzo, "Cache-aware design of general-purpose Single-Producer-Single-Consumer queues", 2018).
///
/// Layout: one word a slot, null or item + 1; a stretch is 32 slots. The producer owns whole stretches: it enters one
/// only when the first slot of the stretch after it is null. The consumer clears whole stretches, in ascending order, at
/// least one stretch behind where it reads. So the two sides never write the same line at the same time, and the
/// producer reads one slot a stretch.
///
/// **Restriction**: an item is one machine word and never `UInt64.max`, whose code would be the null.
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push stores a slot | release | pop loads it |
/// | the first clear of a stretch | release | entering a stretch loads the first slot of the next one: all slots before it are clear |
///
/// Gives up: two to three stretches of the capacity are never in use (128 slots at least are allocated).
public enum ImprovedFastForward {
    @inlinable static var stretch: UInt64 { 32 }

    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity, atLeast: 4 * Int(stretch))
        let block = SharedBlock(lines: 0, payloadByteCount: count * 8)
        let words = NullableWords(block.payload(afterLines: 0), count: count)
        return Ends(producer: Producer(block, words), consumer: Consumer(block, words))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let words: NullableWords
        @usableFromInline var tail: UInt64 = 0
        /// Where the stretch that the producer owns ends; `tail` when it owns none.
        @usableFromInline var limit: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ words: NullableWords) {
            self.block = block
            self.words = words
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func push(_ item: UInt64) -> Bool {
            if tail == limit {
                let next = words[limit &+ stretch]
                guard next.pointee.load(ordering: .acquiring) == 0 else { return false }
                limit &+= stretch
            }
            words[tail].pointee.store(item &+ 1, ordering: .releasing)
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
            let code = words[head].pointee.load(ordering: .acquiring)
            guard code != 0 else { return nil }
            head &+= 1
            if head & (stretch &- 1) == 0 { Self.clear(words, readTo: head) }
            return code &- 1
        }

        /// Clears the stretch before the one that ends at `head`.
        @inlinable @inline(__always)
        static func clear(_ words: NullableWords, readTo head: UInt64) {
            guard head >= 2 &* stretch else { return }
            let start = head &- 2 &* stretch
            words[start].pointee.store(0, ordering: .releasing)
            for i in 1..<stretch { words[start &+ i].pointee.store(0, ordering: .relaxed) }
        }
    }
}
