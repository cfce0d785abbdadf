public import Synchronization

/// Records the naive way: each in a slot of fixed size, in a cached-index ring (see ``CachedIndex`` for the layout and
/// the orders, which are the same).
///
/// A slot is a length word and 128 bytes. Only the record's own bytes are copied.
///
/// Gives up: records longer than 128 bytes, and the rest of the slot of shorter ones.
public enum RecordSlots {
    @inlinable static var longest: Int { 128 }
    @inlinable static var stride: Int { 8 + longest }

    /// `capacity` in bytes: as many slots, rounded up to a power of two, as it has room for.
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity / stride)
        let block = SharedBlock(lines: 2, payloadByteCount: count * stride)
        return Ends(producer: Producer(block, count: UInt64(count)), consumer: Consumer(block, count: UInt64(count)))
    }

    @frozen
    public struct Producer: ~Copyable, RecordProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: UnsafeMutableRawPointer
        @usableFromInline let count: UInt64
        @usableFromInline var tail: UInt64 = 0
        /// The last seen `head` plus the number of slots.
        @usableFromInline var bound: UInt64

        @inlinable
        init(_ block: SharedBlock, count: UInt64) {
            self.block = block
            slots = block.payload(afterLines: 2)
            self.count = count
            bound = count
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: the slot was given back, and holds `longest` bytes after its length word.
        @inlinable @inline(__always)
        public mutating func push(_ record: UnsafeRawBufferPointer) -> Bool {
            precondition(record.count <= RecordSlots.longest, "a record is at most as long as a slot")
            if tail == bound {
                bound = block.word(line: 1).pointee.load(ordering: .acquiring) &+ count
                if tail == bound { return false }
            }
            RecordFraming.write(record, at: slots + Int(truncatingIfNeeded: tail & (count &- 1)) &* RecordSlots.stride)
            tail &+= 1
            block.word(line: 0).pointee.store(tail, ordering: .releasing)
            return true
        }
    }

    @frozen
    public struct Consumer: ~Copyable, RecordConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let slots: UnsafeMutableRawPointer
        @usableFromInline let count: UInt64
        @usableFromInline var head: UInt64 = 0
        /// The last seen `tail`.
        @usableFromInline var known: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, count: UInt64) {
            self.block = block
            slots = block.payload(afterLines: 2)
            self.count = count
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: slots from `head` to `known` hold published records.
        @inlinable @inline(__always)
        public mutating func pop(_ visit: (UnsafeRawBufferPointer) -> Void) -> Bool {
            if head == known {
                known = block.word(line: 0).pointee.load(ordering: .acquiring)
                if head == known { return false }
            }
            visit(RecordFraming.read(at: slots + Int(truncatingIfNeeded: head & (count &- 1)) &* RecordSlots.stride))
            head &+= 1
            block.word(line: 1).pointee.store(head, ordering: .releasing)
            return true
        }
    }
}
