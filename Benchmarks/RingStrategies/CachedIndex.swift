public import Synchronization

/// Lamport's ring in which each side keeps its last sight of the other's index, and looks again only when that sight
/// says full or empty (P. Lee et al., MCRingBuffer, 2010; the form of E. Rigtorp's SPSCQueue).
///
///     line 0   tail   index one past the last item pushed    written by the producer, every push
///     line 1   head   index one past the last item popped    written by the consumer, every pop
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push stores `tail` | release | an empty-looking pop loads `tail`: the item is written before it is seen |
/// | pop stores `head` | release | a full-looking push loads `head`: the item is read before its slot is reused |
///
/// Gives up: a consumer that keeps up finds one item each time it looks, so both index lines still bounce per item.
public enum CachedIndex<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity)
        let block = SharedBlock(lines: 2, payloadByteCount: count * MemoryLayout<Item>.stride)
        let slots = Slots<Item>(block.payload(afterLines: 2), count: count)
        return Ends(producer: Producer(block, slots), consumer: Consumer(block, slots))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: Slots<Item>
        @usableFromInline var tail: UInt64 = 0
        /// Index one past the last slot known to be free: the last seen `head` plus the capacity.
        @usableFromInline var bound: UInt64

        @inlinable
        init(_ block: SharedBlock, _ slots: Slots<Item>) {
            self.block = block
            self.slots = slots
            bound = slots.count
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func push(_ item: Item) -> Bool {
            if tail == bound {
                bound = block.word(line: 1).pointee.load(ordering: .acquiring) &+ slots.count
                if tail == bound { return false }
            }
            slots[tail] = item
            tail &+= 1
            block.word(line: 0).pointee.store(tail, ordering: .releasing)
            return true
        }

        @inlinable @inline(__always)
        public mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int {
            if Int(bound &- tail) < items.count {
                bound = block.word(line: 1).pointee.load(ordering: .acquiring) &+ slots.count
            }
            let count = min(items.count, Int(bound &- tail))
            guard count > 0 else { return 0 }
            slots.write(items, count: count, at: tail)
            tail &+= UInt64(count)
            block.word(line: 0).pointee.store(tail, ordering: .releasing)
            return count
        }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: Slots<Item>
        @usableFromInline var head: UInt64 = 0
        /// The last seen `tail`.
        @usableFromInline var known: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ slots: Slots<Item>) {
            self.block = block
            self.slots = slots
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func pop() -> Item? {
            if head == known {
                known = block.word(line: 0).pointee.load(ordering: .acquiring)
                if head == known { return nil }
            }
            let item = slots[head]
            head &+= 1
            block.word(line: 1).pointee.store(head, ordering: .releasing)
            return item
        }

        @inlinable @inline(__always)
        public mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int {
            if Int(known &- head) < limit { known = block.word(line: 0).pointee.load(ordering: .acquiring) }
            let count = min(limit, Int(known &- head))
            guard count > 0 else { return 0 }
            slots.visit(count, at: head, visit)
            head &+= UInt64(count)
            block.word(line: 1).pointee.store(head, ordering: .releasing)
            return count
        }
    }
}
