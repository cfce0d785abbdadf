public import Synchronization

/// The block-based bounded queue in its overwriting form ("drop-old"; J. Wang et al., USENIX ATC 2022), for one producer.
/// The reader writes nothing shared.
///
///     line 0       newest         first index of the block entered last
///     lines 1 + b  committed[b]   index one past the last item written in block b's present lap; the lap's first index
///                                 on entering, before any word of the block is overwritten
///
/// A cursor is an absolute index: its high bits are the paper's version. With one producer `allocated` is `committed`.
/// One load of the reader's cursor after the copy both validates the copy (the block is still in its lap) and shows how
/// far the block is filled by now. An item is counted as read only after that.
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | entering stores `newest`, then `committed`, then words | relaxed, release, release | pop loads words, then `committed`, then `newest` (all acquire): a newer word brings its lap along |
/// | publish stores `committed` | release | pop loads it (acquire): the items before it are written |
///
/// Gives up: entering a block loses all of it for a reader that is still there, though most is not yet overwritten.
public enum BBQDropOld<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let blocks = LapBlocks<Item>(slotCount: roundedUp(capacity, atLeast: 8))
        return Ends(producer: Producer(blocks), consumer: Consumer(blocks))
    }

    @frozen
    public struct Producer: ~Copyable, OverwritingProducer, @unchecked Sendable {
        @usableFromInline let blocks: LapBlocks<Item>
        @usableFromInline var committed: SharedBlock.Word
        @usableFromInline var tail: UInt64 = 0
        /// Where the producer's block ends; `tail` when it must enter the next.
        @usableFromInline var limit: UInt64 = 0

        @inlinable
        init(_ blocks: LapBlocks<Item>) {
            self.blocks = blocks
            committed = blocks.committed(0)
        }

        @inlinable
        deinit { blocks.block.release() }

        @inlinable @inline(__always)
        public mutating func publish(_ item: Item) {
            if tail == limit {
                committed = blocks.committed(tail)
                blocks.newest.pointee.store(tail, ordering: .relaxed)
                committed.pointee.store(tail, ordering: .releasing)
                limit = tail &+ blocks.blockSize
            }
            blocks.slots.store(item, in: blocks.slot(tail))
            tail &+= 1
            committed.pointee.store(tail, ordering: .releasing)
        }
    }

    @frozen
    public struct Consumer: ~Copyable, OverwritingConsumer, @unchecked Sendable {
        @usableFromInline let blocks: LapBlocks<Item>
        @usableFromInline var committed: SharedBlock.Word
        @usableFromInline var head: UInt64 = 0
        /// The last seen `committed` of this block and lap.
        @usableFromInline var known: UInt64 = 0
        /// Where the reader's block ends.
        @usableFromInline var limit: UInt64
        public var lostCount: UInt64 = 0

        @inlinable
        init(_ blocks: LapBlocks<Item>) {
            self.blocks = blocks
            committed = blocks.committed(0)
            limit = blocks.blockSize
        }

        @inlinable
        deinit { blocks.block.release() }

        @inlinable @inline(__always)
        public mutating func pop() -> Item? {
            while true {
                if head == known {
                    if head == limit { enter(head) }
                    known = committed.pointee.load(ordering: .acquiring)
                    if Int64(bitPattern: known &- head) <= 0 {
                        known = head
                        return nil
                    }
                }
                if Int64(bitPattern: known &- limit) <= 0 {
                    let item = blocks.slots.load(blocks.slot(head))
                    known = committed.pointee.load(ordering: .acquiring)
                    if Int64(bitPattern: known &- limit) <= 0 {
                        head &+= 1
                        return item
                    }
                }
                skip()
            }
        }

        @inlinable @inline(__always)
        mutating func enter(_ first: UInt64) {
            committed = blocks.committed(first)
            limit = first &+ blocks.blockSize
        }

        /// On to the oldest block but one: the oldest is about to be entered by the producer.
        @inlinable
        mutating func skip() {
            let next = blocks.newest.pointee.load(ordering: .acquiring) &- (blocks.blockCount &- 2) &* blocks.blockSize
            lostCount &+= next &- head
            head = next
            known = next
            enter(next)
        }
    }
}

/// Word slots in blocks, and a cursor for each block.
@frozen
@usableFromInline
struct LapBlocks<Item: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let block: SharedBlock
    @usableFromInline let slots: WordSlots<Item>
    @usableFromInline let slotMask: UInt64
    @usableFromInline let blockShift: UInt64
    @usableFromInline let numberMask: UInt64

    @inlinable
    init(slotCount: Int) {
        let blockCount = slotCount >= 64 ? 8 : 4
        block = SharedBlock(
            lines: 1 + blockCount, payloadByteCount: WordSlots<Item>.byteCount(slotCount, header: 0))
        slots = WordSlots<Item>(block.payload(afterLines: 1 + blockCount), count: slotCount, header: 0)
        slotMask = UInt64(slotCount - 1)
        blockShift = UInt64((slotCount / blockCount).trailingZeroBitCount)
        numberMask = UInt64(blockCount - 1)
    }

    @inlinable @inline(__always) var blockSize: UInt64 { 1 &<< blockShift }
    @inlinable @inline(__always) var blockCount: UInt64 { numberMask &+ 1 }
    @inlinable @inline(__always) var newest: SharedBlock.Word { block.word(line: 0) }

    @inlinable @inline(__always)
    func slot(_ index: UInt64) -> Int { Int(truncatingIfNeeded: index & slotMask) }

    @inlinable @inline(__always)
    func committed(_ index: UInt64) -> SharedBlock.Word {
        block.word(line: 1 &+ Int(truncatingIfNeeded: (index &>> blockShift) & numberMask))
    }
}
