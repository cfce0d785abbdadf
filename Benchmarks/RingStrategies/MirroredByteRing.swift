public import CPlatform
public import Synchronization

/// Records one after the other in a byte ring whose pages are mapped twice in a row, so that no record crosses an end and
/// none is padded (the "magic ring buffer" of P. Howard's virtual ring buffer, and of Linux audio and tracing tools).
///
///     line 0   tail   byte index one past the last record published     written by the producer, about once a KiB
///     line 1   head   byte index one past the last record given back    written by the consumer, once per eighth
///     mapping         records as in `RecordFraming`
///
/// | access | order | partner |
/// | --- | --- | --- |
/// | push or flush stores `tail` | release | an empty-looking pop loads `tail`: records are written before they are seen |
/// | pop stores `head` | release | a full-looking push loads `head`: records are read before their bytes are reused |
///
/// Deadlock is excluded as in ``PaddedByteRing``. The thread sanitizer does not know that two addresses are one byte: a
/// missing order would show in the padded twin.
///
/// Gives up: up to a KiB of records is invisible until the next push or `flush`; two address ranges, whole pages, and a
/// translation entry for each of both.
public enum MirroredByteRing {
    /// `capacity` in bytes; at least 16 KiB are mapped.
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let mapping = Mapping(capacity: roundedUp(capacity, atLeast: 16384))
        return Ends(producer: Producer(mapping), consumer: Consumer(mapping))
    }

    @frozen
    @usableFromInline
    struct Mapping: @unchecked Sendable {
        @usableFromInline let block: SharedBlock
        @usableFromInline let bytes: UnsafeMutableRawPointer
        @usableFromInline let capacity: UInt64

        @inlinable
        init(capacity: Int) {
            guard let bytes = cplatform_map_mirrored(capacity) else { fatalError("no mirrored mapping to be had") }
            self.bytes = bytes
            self.capacity = UInt64(capacity)
            block = SharedBlock(lines: 2, payloadByteCount: 0)
        }

        // SAFETY: the last end unmaps, after which nobody can reach the bytes.
        @inlinable
        func release() {
            guard block.isLastRelease() else { return }
            cplatform_unmap_mirrored(bytes, Int(capacity))
            block.deallocate()
        }

        @inlinable @inline(__always)
        func place(_ index: UInt64) -> UnsafeMutableRawPointer {
            bytes + Int(truncatingIfNeeded: index & (capacity &- 1))
        }
    }

    @frozen
    public struct Producer: ~Copyable, RecordProducer, @unchecked Sendable {
        @usableFromInline let mapping: Mapping
        /// Publication happens after this many bytes.
        @usableFromInline let step: UInt64
        @usableFromInline var tail: UInt64 = 0
        @usableFromInline var published: UInt64 = 0
        /// The last seen `head` plus the capacity.
        @usableFromInline var bound: UInt64

        @inlinable
        init(_ mapping: Mapping) {
            self.mapping = mapping
            step = min(1024, mapping.capacity / 8)
            bound = mapping.capacity
        }

        @inlinable
        deinit {
            mapping.block.word(line: 0).pointee.store(tail, ordering: .releasing)
            mapping.release()
        }

        // SAFETY: the bytes from `tail` to `tail + size` were given back, and are contiguous through the mirror.
        @inlinable @inline(__always)
        public mutating func push(_ record: UnsafeRawBufferPointer) -> Bool {
            let size = RecordFraming.footprint(record.count)
            if bound &- tail < size {
                bound = mapping.block.word(line: 1).pointee.load(ordering: .acquiring) &+ mapping.capacity
                if bound &- tail < size {
                    precondition(size <= mapping.capacity / 2, "a record takes at most half of the ring")
                    flush()
                    return false
                }
            }
            RecordFraming.write(record, at: mapping.place(tail))
            tail &+= size
            if tail &- published >= step { flush() }
            return true
        }

        @inlinable @inline(__always)
        public mutating func flush() {
            published = tail
            mapping.block.word(line: 0).pointee.store(tail, ordering: .releasing)
        }
    }

    @frozen
    public struct Consumer: ~Copyable, RecordConsumer, @unchecked Sendable {
        @usableFromInline let mapping: Mapping
        @usableFromInline var head: UInt64 = 0
        /// The last seen `tail`.
        @usableFromInline var known: UInt64 = 0
        @usableFromInline var givenBack: UInt64 = 0

        @inlinable
        init(_ mapping: Mapping) { self.mapping = mapping }

        @inlinable
        deinit { mapping.release() }

        // SAFETY: the bytes from `head` to `known` are published records.
        @inlinable @inline(__always)
        public mutating func pop(_ visit: (UnsafeRawBufferPointer) -> Void) -> Bool {
            if head == known {
                known = mapping.block.word(line: 0).pointee.load(ordering: .acquiring)
                if head == known {
                    giveBack()
                    return false
                }
            }
            let record = RecordFraming.read(at: mapping.place(head))
            visit(record)
            head &+= RecordFraming.footprint(record.count)
            if head &- givenBack >= mapping.capacity / 8 { giveBack() }
            return true
        }

        @inlinable @inline(__always)
        mutating func giveBack() {
            givenBack = head
            mapping.block.word(line: 1).pointee.store(head, ordering: .releasing)
        }
    }
}
