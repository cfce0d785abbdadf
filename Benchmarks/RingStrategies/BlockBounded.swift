public import Synchronization

/// The block-based bounded queue (J. Wang et al., "BBQ: A Block-based Bounded Queue for Exchanging Data and Profiling",
/// USENIX ATC 2022), lossless ("retry-new"), for one producer and one consumer.
///
/// The slots form eight blocks (fewer when there are under 64 slots). Cursors live per block, so the sides meet only
/// inside a block that both are in. With one producer `allocated` is `committed`, with one consumer `reserved` is
/// `consumed`; and only a wholly consumed block matters to the producer, so `consumed` is written once a block.
///
///     lines 2 b       committed[b]   index one past the last item written in block b's present lap    by the producer
///     lines 2 b + 1   consumed[b]    index one past the last lap of block b wholly read               by the consumer
///
/// A cursor is an absolute index: its high bits are the paper's version, its low bits the offset.
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push stores `committed` | release | pop loads it: the items before it are written |
/// | leaving a block stores `consumed` | release | entering that block again loads it: its items were read |
///
/// Gives up: capacity is regained by whole blocks; a consumer in the producer's block shares its cursor's line.
public enum BBQ<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity)
        let cursors = BlockCursors<Item>(slotCount: count)
        return Ends(producer: Producer(cursors), consumer: Consumer(cursors))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let cursors: BlockCursors<Item>
        @usableFromInline var committed: SharedBlock.Word
        @usableFromInline var tail: UInt64 = 0
        /// Where the producer's block ends; `tail` when it must enter the next.
        @usableFromInline var limit: UInt64 = 0

        @inlinable
        init(_ cursors: BlockCursors<Item>) {
            self.cursors = cursors
            committed = cursors.committed(0)
        }

        @inlinable
        deinit { cursors.block.release() }

        @inlinable @inline(__always)
        public mutating func push(_ item: Item) -> Bool {
            if tail == limit, !enterBlock() { return false }
            cursors.slots[tail] = item
            tail &+= 1
            committed.pointee.store(tail, ordering: .releasing)
            return true
        }

        @inlinable @inline(__always)
        public mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int {
            var done = 0
            while done < items.count {
                if tail == limit, !enterBlock() { break }
                let count = min(items.count - done, Int(limit &- tail))
                cursors.slots.write(UnsafeBufferPointer(rebasing: items[done...]), count: count, at: tail)
                tail &+= UInt64(count)
                committed.pointee.store(tail, ordering: .releasing)
                done += count
            }
            return done
        }

        @inlinable @inline(__always)
        mutating func enterBlock() -> Bool {
            let previousEnd = tail &- cursors.slots.count &+ cursors.blockSize
            guard cursors.consumed(tail).pointee.load(ordering: .acquiring) == previousEnd else { return false }
            committed = cursors.committed(tail)
            limit = tail &+ cursors.blockSize
            return true
        }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, @unchecked Sendable {
        @usableFromInline let cursors: BlockCursors<Item>
        @usableFromInline var committed: SharedBlock.Word
        @usableFromInline var head: UInt64 = 0
        /// The last seen `committed` of this block, or `head` before the first look.
        @usableFromInline var known: UInt64 = 0
        /// Where the consumer's block ends.
        @usableFromInline var limit: UInt64

        @inlinable
        init(_ cursors: BlockCursors<Item>) {
            self.cursors = cursors
            committed = cursors.committed(0)
            limit = cursors.blockSize
        }

        @inlinable
        deinit { cursors.block.release() }

        @inlinable @inline(__always)
        public mutating func pop() -> Item? {
            if head == known, !look() { return nil }
            let item = cursors.slots[head]
            head &+= 1
            return item
        }

        @inlinable @inline(__always)
        public mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int {
            var done = 0
            while done < limit {
                if head == known, !look() { break }
                let count = min(limit - done, Int(known &- head))
                cursors.slots.visit(count, at: head, visit)
                head &+= UInt64(count)
                done += count
            }
            return done
        }

        @inlinable @inline(__always)
        mutating func look() -> Bool {
            if head == limit {
                cursors.consumed(head &- 1).pointee.store(head, ordering: .releasing)
                committed = cursors.committed(head)
                limit = head &+ cursors.blockSize
            }
            // A cursor of an earlier lap lies at or behind `head`.
            let end = committed.pointee.load(ordering: .acquiring)
            guard Int64(bitPattern: end &- head) > 0 else { return false }
            known = end
            return true
        }
    }
}

/// Slots in blocks, and the cursors of each block.
@frozen
@usableFromInline
struct BlockCursors<Item: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let block: SharedBlock
    @usableFromInline let slots: Slots<Item>
    @usableFromInline let blockShift: UInt64
    @usableFromInline let numberMask: UInt64

    @inlinable
    init(slotCount: Int) {
        let blockCount = slotCount >= 64 ? 8 : 2
        block = SharedBlock(lines: 2 * blockCount, payloadByteCount: slotCount * MemoryLayout<Item>.stride)
        slots = Slots<Item>(block.payload(afterLines: 2 * blockCount), count: slotCount)
        blockShift = UInt64((slotCount / blockCount).trailingZeroBitCount)
        numberMask = UInt64(blockCount - 1)
        for number in 0..<UInt64(blockCount) {
            // As if the lap before the first had been read.
            let previousEnd = (number &+ 1) &* blockSize &- slots.count
            consumed(number &* blockSize).pointee.store(previousEnd, ordering: .relaxed)
        }
    }

    @inlinable @inline(__always) var blockSize: UInt64 { 1 &<< blockShift }

    @inlinable @inline(__always)
    func number(_ index: UInt64) -> Int { Int(truncatingIfNeeded: (index &>> blockShift) & numberMask) }

    @inlinable @inline(__always)
    func committed(_ index: UInt64) -> SharedBlock.Word { block.word(line: 2 &* number(index)) }

    @inlinable @inline(__always)
    func consumed(_ index: UInt64) -> SharedBlock.Word { block.word(line: 2 &* number(index) &+ 1) }
}
