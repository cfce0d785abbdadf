public import Synchronization

/// A ring for many producers: a ticket by fetch-add, a sequence word in every slot (the slots of D. Vyukov's bounded MPMC
/// queue, 2010; fetch-add instead of compare-and-swap as in LCRQ, A. Morrison and Y. Afek, 2013).
///
///     line 0   tail   the next ticket                                 fetch-add by every producer
///     line 1   head   index one past the last slot given back         written by the consumer, once per eighth
///     payload         slots: sequence (index + 1 once written), item
///
/// A ticket cannot be given back, so a producer makes sure of room before it takes one. With at most P producers it
/// takes one only if it saw `tail <= head + capacity - P`. Otherwise P + 1 tickets at or above `head + capacity - P`
/// would be out, two of them with one producer; but after the first of those, that producer saw a larger `tail`.
/// So no push ever waits, and up to P - 1 slots stay unused.
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push stores the sequence | release | pop loads it: the item is written |
/// | pop stores `head` | release | push loads `head`: the slots' items were read |
/// | fetch-add of `tail` | acquire, release | the fetch-adds of producers that saw a newer `head` than this one |
///
/// Gives up: a locked instruction and a contended line per item; the consumer stops at a ticket that is not yet written.
public enum SharedFetchAdd<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> { make(capacity: capacity, producers: 1) }

    /// For up to `producers` producers, the others by ``Producer/another()``; `capacity` must exceed their number.
    @inlinable
    public static func make(capacity: Int, producers: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity)
        precondition(1...count ~= producers)
        let block = SharedBlock(lines: 3, payloadByteCount: count * SequencedSlots<Item>.stride)
        block.word(line: 2).pointee.store(UInt64(producers), ordering: .relaxed)
        let slots = SequencedSlots<Item>(block.payload(afterLines: 3), count: count)
        return Ends(
            producer: Producer(block, slots, producers: UInt64(producers)), consumer: Consumer(block, slots))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: SequencedSlots<Item>
        @usableFromInline let producers: UInt64
        /// The last seen `head` plus the capacity.
        @usableFromInline var bound: UInt64

        @inlinable
        init(_ block: SharedBlock, _ slots: SequencedSlots<Item>, producers: UInt64) {
            self.block = block
            self.slots = slots
            self.producers = producers
            bound = slots.count
            let left = block.word(line: 2).pointee.wrappingSubtract(1, ordering: .relaxed).oldValue
            precondition(left != 0, "more producers than were declared")
        }

        @inlinable
        deinit {
            block.word(line: 2).pointee.wrappingAdd(1, ordering: .relaxed)
            block.release()
        }

        /// One more producer of this ring, for another thread.
        @inlinable
        public func another() -> Producer {
            block.retain()
            return Producer(block, slots, producers: producers)
        }

        // SAFETY: no other producer has this ticket, and its slot was given back (see above).
        @inlinable @inline(__always)
        public mutating func push(_ item: Item) -> Bool {
            let seen = block.word(line: 0).pointee.load(ordering: .relaxed)
            if Int64(bitPattern: bound &- seen) < Int64(producers) {
                bound = block.word(line: 1).pointee.load(ordering: .acquiring) &+ slots.count
                if Int64(bitPattern: bound &- seen) < Int64(producers) { return false }
            }
            let ticket = block.word(line: 0).pointee.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue
            slots.item(ticket).pointee = item
            slots.sequence(ticket).pointee.store(ticket &+ 1, ordering: .releasing)
            return true
        }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: SequencedSlots<Item>
        /// Slots are given back at each index that is 0 under this mask.
        @usableFromInline let stepMask: UInt64
        @usableFromInline var head: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, _ slots: SequencedSlots<Item>) {
            self.block = block
            self.slots = slots
            stepMask = max(slots.count / 8, 1) &- 1
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: the sequence says that this index's item is written.
        @inlinable @inline(__always)
        public mutating func pop() -> Item? {
            guard slots.sequence(head).pointee.load(ordering: .acquiring) == head &+ 1 else {
                giveBack()
                return nil
            }
            let item = slots.item(head).pointee
            head &+= 1
            if head & stepMask == 0 { giveBack() }
            return item
        }

        @inlinable @inline(__always)
        func giveBack() { block.word(line: 1).pointee.store(head, ordering: .releasing) }
    }
}

/// A power of two of slots: a sequence word of zero at first, then an item.
@frozen
@usableFromInline
struct SequencedSlots<Item: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutableRawPointer
    @usableFromInline let mask: UInt64

    @inlinable @inline(__always) static var stride: Int { 8 + (MemoryLayout<Item>.stride + 7) & ~7 }
    @inlinable @inline(__always) var count: UInt64 { mask &+ 1 }

    @inlinable
    init(_ memory: UnsafeMutableRawPointer, count: Int) {
        precondition(MemoryLayout<Item>.alignment <= 8)
        base = memory
        mask = UInt64(count - 1)
        for slot in 0..<count {
            SharedBlock.initializeWords(at: memory + slot * Self.stride, count: 1, to: 0)
            (memory + slot * Self.stride + 8).bindMemory(to: Item.self, capacity: 1)
        }
    }

    // SAFETY (both): `init` bound each slot so, and `index & mask` stays inside them.
    @inlinable @inline(__always)
    func sequence(_ index: UInt64) -> SharedBlock.Word {
        (base + Int(truncatingIfNeeded: index & mask) &* Self.stride).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inlinable @inline(__always)
    func item(_ index: UInt64) -> UnsafeMutablePointer<Item> {
        (base + Int(truncatingIfNeeded: index & mask) &* Self.stride + 8).assumingMemoryBound(to: Item.self)
    }
}
