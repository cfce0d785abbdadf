public import Synchronization

/// Records one after the other in a byte ring; one that would cross the end leaves a padding record there and starts
/// anew (the classic "bip" layout; indices cached and held back as quill's bounded queue does).
///
///     line 0   tail   byte index one past the last record published     written by the producer, about once a KiB
///     line 1   head   byte index one past the last record given back    written by the consumer, once per eighth
///     payload         records as in `RecordFraming`
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push or flush stores `tail` | release | an empty-looking pop loads `tail`: records are written before they are seen |
/// | pop stores `head` | release | a full-looking push loads `head`: records are read before their bytes are reused |
///
/// A push that returns false has published everything, and a pop that returns false has given back everything: it cannot
/// deadlock, as no record takes more than half of the ring.
///
/// Gives up: up to a KiB of records is invisible until the next push or `flush`; the bytes of the padding.
public enum PaddedByteRing {
    /// `capacity` in bytes.
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let count = roundedUp(capacity, atLeast: 64)
        let block = SharedBlock(lines: 2, payloadByteCount: count)
        return Ends(
            producer: Producer(block, capacity: UInt64(count)), consumer: Consumer(block, capacity: UInt64(count)))
    }

    @frozen
    public struct Producer: ~Copyable, RecordProducer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let bytes: UnsafeMutableRawPointer
        @usableFromInline let capacity: UInt64
        /// Publication happens after this many bytes.
        @usableFromInline let step: UInt64
        @usableFromInline var tail: UInt64 = 0
        @usableFromInline var published: UInt64 = 0
        /// The last seen `head` plus the capacity.
        @usableFromInline var bound: UInt64

        @inlinable
        init(_ block: SharedBlock, capacity: UInt64) {
            self.block = block
            bytes = block.payload(afterLines: 2)
            self.capacity = capacity
            step = min(1024, capacity / 8)
            bound = capacity
        }

        @inlinable
        deinit {
            block.word(line: 0).pointee.store(tail, ordering: .releasing)
            block.release()
        }

        // SAFETY: the bytes from `tail` to `tail + need` were given back, and do not cross the end.
        @inlinable @inline(__always)
        public mutating func push(_ record: UnsafeRawBufferPointer) -> Bool {
            let size = RecordFraming.footprint(record.count)
            let toEnd = capacity &- (tail & (capacity &- 1))
            let padding = size > toEnd ? toEnd : 0
            if bound &- tail < size &+ padding {
                bound = block.word(line: 1).pointee.load(ordering: .acquiring) &+ capacity
                if bound &- tail < size &+ padding {
                    precondition(size <= capacity / 2, "a record takes at most half of the ring")
                    flush()
                    return false
                }
            }
            if padding != 0 {
                (bytes + Int(truncatingIfNeeded: tail & (capacity &- 1))).storeBytes(
                    of: RecordFraming.skip, as: UInt32.self)
                tail &+= padding
            }
            RecordFraming.write(record, at: bytes + Int(truncatingIfNeeded: tail & (capacity &- 1)))
            tail &+= size
            if tail &- published >= step { flush() }
            return true
        }

        @inlinable @inline(__always)
        public mutating func flush() {
            published = tail
            block.word(line: 0).pointee.store(tail, ordering: .releasing)
        }
    }

    @frozen
    public struct Consumer: ~Copyable, RecordConsumer, @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let bytes: UnsafeMutableRawPointer
        @usableFromInline let capacity: UInt64
        @usableFromInline var head: UInt64 = 0
        /// The last seen `tail`.
        @usableFromInline var known: UInt64 = 0
        @usableFromInline var givenBack: UInt64 = 0

        @inlinable
        init(_ block: SharedBlock, capacity: UInt64) {
            self.block = block
            bytes = block.payload(afterLines: 2)
            self.capacity = capacity
        }

        @inlinable
        deinit { block.release() }

        // SAFETY: the bytes from `head` to `known` are published records; a padding is published with its successor.
        @inlinable @inline(__always)
        public mutating func pop(_ visit: (UnsafeRawBufferPointer) -> Void) -> Bool {
            if head == known {
                known = block.word(line: 0).pointee.load(ordering: .acquiring)
                if head == known {
                    giveBack()
                    return false
                }
            }
            var place = bytes + Int(truncatingIfNeeded: head & (capacity &- 1))
            if place.load(as: UInt32.self) == RecordFraming.skip {
                head &+= capacity &- (head & (capacity &- 1))
                place = bytes
            }
            let record = RecordFraming.read(at: place)
            visit(record)
            head &+= RecordFraming.footprint(record.count)
            if head &- givenBack >= capacity / 8 { giveBack() }
            return true
        }

        @inlinable @inline(__always)
        mutating func giveBack() {
            givenBack = head
            block.word(line: 1).pointee.store(head, ordering: .releasing)
        }
    }
}
