public import Synchronization

/// The cached-index ring whose sides also hold back their own index (the batching of MCRingBuffer, P. Lee et al., 2010):
/// the producer publishes once per cache line, the consumer gives slots back once per eighth of the ring.
///
///     line 0   tail   index one past the last item published      written by the producer
///     line 1   head   index one past the last slot given back     written by the consumer
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push or flush stores `tail` | release | an empty-looking pop loads `tail`: items are written before they are seen |
/// | pop stores `head` | release | a full-looking push loads `head`: items are read before their slots are reused |
///
/// It cannot deadlock: a push that returns false has published everything, and a pop that returns nil has given back
/// everything.
///
/// Gives up: up to a line of items stays invisible until the next push, a full ring, or `flush`.
public enum DeferredIndex<Item: BitwiseCopyable & Sendable> {
    /// A line of small items. For larger ones a line is one item and nothing would be deferred: there it is 1 KiB.
    @inlinable
    public static func publicationStep(capacity: Int) -> Int {
        let stride = MemoryLayout<Item>.stride
        let step = roundedUp((stride <= 16 ? 64 : 1024) / stride, atLeast: 1)
        return min(step, max(capacity / 8, 1))
    }

    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity)
        let block = SharedBlock(lines: 2, payloadByteCount: count * MemoryLayout<Item>.stride)
        let slots = Slots<Item>(block.payload(afterLines: 2), count: count)
        return Ends(
            producer: Producer(block, slots, stepMask: UInt64(publicationStep(capacity: count) - 1)),
            consumer: Consumer(block, slots, stepMask: UInt64(max(count / 8, 1) - 1)))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: Slots<Item>
        /// Publication happens at each index that is 0 under this mask.
        @usableFromInline let stepMask: UInt64
        @usableFromInline var tail: UInt64 = 0
        /// Index one past the last slot known to be free.
        @usableFromInline var bound: UInt64

        @inlinable
        init(_ block: SharedBlock, _ slots: Slots<Item>, stepMask: UInt64) {
            self.block = block
            self.slots = slots
            self.stepMask = stepMask
            bound = slots.count
        }

        @inlinable
        deinit {
            flush()
            block.release()
        }

        @inlinable @inline(__always)
        public mutating func push(_ item: Item) -> Bool {
            if tail == bound {
                bound = block.word(line: 1).pointee.load(ordering: .acquiring) &+ slots.count
                if tail == bound {
                    flush()
                    return false
                }
            }
            slots[tail] = item
            tail &+= 1
            if tail & stepMask == 0 { flush() }
            return true
        }

        /// A batch is published as one.
        @inlinable @inline(__always)
        public mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int {
            if Int(bound &- tail) < items.count {
                bound = block.word(line: 1).pointee.load(ordering: .acquiring) &+ slots.count
            }
            let count = min(items.count, Int(bound &- tail))
            slots.write(items, count: count, at: tail)
            tail &+= UInt64(count)
            flush()
            return count
        }

        @inlinable @inline(__always)
        public func flush() { block.word(line: 0).pointee.store(tail, ordering: .releasing) }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: Slots<Item>
        /// Slots are given back at each index that is 0 under this mask.
        @usableFromInline let stepMask: UInt64
        @usableFromInline var head: UInt64 = 0
        /// The last seen `tail`.
        @usableFromInline var known: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ slots: Slots<Item>, stepMask: UInt64) {
            self.block = block
            self.slots = slots
            self.stepMask = stepMask
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        func giveBack() { block.word(line: 1).pointee.store(head, ordering: .releasing) }

        @inlinable @inline(__always)
        public mutating func pop() -> Item? {
            if head == known {
                known = block.word(line: 0).pointee.load(ordering: .acquiring)
                if head == known {
                    giveBack()
                    return nil
                }
            }
            let item = slots[head]
            head &+= 1
            if head & stepMask == 0 { giveBack() }
            return item
        }

        /// Gives back after each eighth of the ring, not only at the end: the producer goes on meanwhile.
        @inlinable @inline(__always)
        public mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int {
            if Int(known &- head) < limit { known = block.word(line: 0).pointee.load(ordering: .acquiring) }
            let total = min(limit, Int(known &- head))
            var left = total
            while left > 0 {
                let count = min(left, Int(stepMask &+ 1 &- head & stepMask))
                slots.visit(count, at: head, visit)
                head &+= UInt64(count)
                left -= count
                if head & stepMask == 0 { giveBack() }
            }
            if head == known { giveBack() }
            return total
        }
    }
}
