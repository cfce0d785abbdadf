public import Synchronization

/// Two shared indices and nothing else (L. Lamport, "Proving the Correctness of Multiprocess Programs", 1977; in the
/// release/acquire form of N. M. Lê et al., "Correct and Efficient Bounded FIFO Queues", 2013, without its caches).
///
///     line 0   tail   index one past the last item pushed    written by the producer
///     line 1   head   index one past the last item popped    written by the consumer
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push stores `tail` | release | pop loads `tail`: the item is written before it is seen |
/// | pop stores `head` | release | push loads `head`: the item is read before its slot is reused |
///
/// Gives up: every operation reads the line that the other side writes, so each one can cost a miss.
public enum Lamport<Item: BitwiseCopyable & Sendable> {
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
        /// Own index. Nobody else writes it, so it is not read back from the shared word.
        @usableFromInline var tail: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ slots: Slots<Item>) {
            self.block = block
            self.slots = slots
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func push(_ item: Item) -> Bool {
            guard tail &- block.word(line: 1).pointee.load(ordering: .acquiring) < slots.count else { return false }
            slots[tail] = item
            tail &+= 1
            block.word(line: 0).pointee.store(tail, ordering: .releasing)
            return true
        }

        @inlinable @inline(__always)
        public mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int {
            let room = slots.count &- (tail &- block.word(line: 1).pointee.load(ordering: .acquiring))
            let count = min(items.count, Int(room))
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

        @inlinable
        init(_ block: SharedBlock, _ slots: Slots<Item>) {
            self.block = block
            self.slots = slots
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func pop() -> Item? {
            guard head != block.word(line: 0).pointee.load(ordering: .acquiring) else { return nil }
            let item = slots[head]
            head &+= 1
            block.word(line: 1).pointee.store(head, ordering: .releasing)
            return item
        }

        @inlinable @inline(__always)
        public mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int {
            let count = min(limit, Int(block.word(line: 0).pointee.load(ordering: .acquiring) &- head))
            guard count > 0 else { return 0 }
            slots.visit(count, at: head, visit)
            head &+= UInt64(count)
            block.word(line: 1).pointee.store(head, ordering: .releasing)
            return count
        }
    }
}
