public import Synchronization

/// The obvious broadcast ring: a sequence lock in every slot (sequence locks: Linux, 2002; their memory orders: H. Boehm,
/// "Can Seqlocks Get Along with Programming Language Memory Models?", 2012). The reader writes nothing.
///
/// Layout: a slot is a sequence word and the item's words. Item i makes the sequence 2 i + 1 while it is written and
/// 2 i + 2 after, so the sequence also tells an empty slot (less) from a lapped one (more).
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | publish stores 2 i + 1, then the words | relaxed, then release | pop loads the words (acquire), then the sequence again: a newer word brings its mark along |
/// | publish stores 2 i + 2 | release | pop loads the sequence first (acquire): item i's words are written |
///
/// Gives up: two extra stores an item; a slot that is no power of two; a lapped reader skips a quarter of the ring so as
/// not to be lapped again at once.
public enum SeqlockSlots<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity, atLeast: 4)
        let block = SharedBlock(lines: 0, payloadByteCount: WordSlots<Item>.byteCount(count, header: 1))
        let slots = WordSlots<Item>(block.payload(afterLines: 0), count: count, header: 1)
        let mask = UInt64(count - 1)
        return Ends(producer: Producer(block, slots, mask: mask), consumer: Consumer(block, slots, mask: mask))
    }

    @frozen
    public struct Producer: ~Copyable, OverwritingProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: WordSlots<Item>
        @usableFromInline let mask: UInt64
        @usableFromInline var tail: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ slots: WordSlots<Item>, mask: UInt64) {
            self.block = block
            self.slots = slots
            self.mask = mask
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func publish(_ item: Item) {
            let slot = Int(truncatingIfNeeded: tail & mask)
            let sequence = slots.mark(slot)
            sequence.pointee.store(2 &* tail &+ 1, ordering: .relaxed)
            slots.store(item, in: slot)
            sequence.pointee.store(2 &* tail &+ 2, ordering: .releasing)
            tail &+= 1
        }
    }

    @frozen
    public struct Consumer: ~Copyable, OverwritingConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: WordSlots<Item>
        @usableFromInline let mask: UInt64
        @usableFromInline var head: UInt64 = 0
        public var lostCount: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ slots: WordSlots<Item>, mask: UInt64) {
            self.block = block
            self.slots = slots
            self.mask = mask
        }

        @inlinable
        deinit { block.release() }

        @inlinable @inline(__always)
        public mutating func pop() -> Item? {
            while true {
                let slot = Int(truncatingIfNeeded: head & mask)
                let sequence = slots.mark(slot)
                let before = sequence.pointee.load(ordering: .acquiring)
                let written = 2 &* head &+ 2
                if before == written {
                    let item = slots.load(slot)
                    // Counted as read only now that the copy is known to be whole.
                    if sequence.pointee.load(ordering: .relaxed) == written {
                        head &+= 1
                        return item
                    }
                } else if Int64(bitPattern: before &- written) < 0 {
                    return nil
                } else {
                    skip(newest: (before &- 1) / 2)
                }
            }
        }

        /// Every item before `newest` was published; those at least a capacity older than it are gone.
        @inlinable
        mutating func skip(newest: UInt64) {
            let next = newest &- mask &+ (mask &+ 1) / 4
            lostCount &+= next &- head
            head = next
        }
    }
}
