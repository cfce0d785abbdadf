public import RingBuffers

/// The library's own slot ring, as the workloads want it. Its algorithm and layout stand with `SPSCRing`.
///
/// Wrapped, because a conformance cannot be conditional on the markers `BitwiseCopyable` and `Sendable`.
public enum LibrarySlotRing<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let ring = SPSCRing<Item>(minimumCapacity: capacity)
        return Ends(producer: Producer(ring.producer), consumer: Consumer(ring.consumer))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, Sendable {
        @usableFromInline var base: GenericSPSCRing<Item, NativeMemory>.Producer

        @inlinable
        init(_ base: consuming GenericSPSCRing<Item, NativeMemory>.Producer) { self.base = base }

        @inlinable @inline(__always)
        public mutating func push(_ item: Item) -> Bool { base.push(item) }

        @inlinable @inline(__always)
        public mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int { base.push(contentsOf: items) }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, Sendable {
        @usableFromInline var base: GenericSPSCRing<Item, NativeMemory>.Consumer

        @inlinable
        init(_ base: consuming GenericSPSCRing<Item, NativeMemory>.Consumer) { self.base = base }

        @inlinable @inline(__always)
        public mutating func pop() -> Item? { base.pop() }

        @inlinable @inline(__always)
        public mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int { base.drain(upTo: limit, visit) }
    }
}

/// The library's own slot ring, used the wrong way: each half is a property of a class. Every call then goes through
/// memory, with a dynamic check of exclusive access.
public enum LibrarySlotRingAsProperty {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let ends = LibrarySlotRing<UInt64>.make(capacity: capacity)
        return Ends(producer: Producer(Owner(ends.producer)), consumer: Consumer(Owner(ends.consumer)))
    }

    public final class Owner<Half: ~Copyable & Sendable>: @unchecked Sendable {
        @usableFromInline var half: Half

        @usableFromInline
        init(_ half: consuming Half) { self.half = half }
    }

    public struct Producer: ~Copyable, ItemProducer, Sendable {
        @usableFromInline let owner: Owner<LibrarySlotRing<UInt64>.Producer>

        @usableFromInline
        init(_ owner: Owner<LibrarySlotRing<UInt64>.Producer>) { self.owner = owner }

        @inlinable
        public mutating func push(_ item: UInt64) -> Bool { owner.half.push(item) }
    }

    public struct Consumer: ~Copyable, ItemConsumer, Sendable {
        @usableFromInline let owner: Owner<LibrarySlotRing<UInt64>.Consumer>

        @usableFromInline
        init(_ owner: Owner<LibrarySlotRing<UInt64>.Consumer>) { self.owner = owner }

        @inlinable
        public mutating func pop() -> UInt64? { owner.half.pop() }
    }
}

/// The library's own record ring. Its algorithm and layout stand with `ByteRing`.
public enum LibraryByteRing {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        do {
            let ring = try ByteRing(minimumCapacity: capacity)
            return Ends(producer: Producer(ring.producer), consumer: Consumer(ring.consumer))
        } catch {
            fatalError("\(error)")
        }
    }

    @frozen
    public struct Producer: ~Copyable, RecordProducer, Sendable {
        @usableFromInline var base: GenericByteRing<NativeMemory>.Producer

        @inlinable
        init(_ base: consuming GenericByteRing<NativeMemory>.Producer) { self.base = base }

        @inlinable @inline(__always)
        public mutating func push(_ record: UnsafeRawBufferPointer) -> Bool {
            do throws(RecordTooLarge) {
                return try base.push(record)
            } catch {
                fatalError("a record that exceeds the ring")
            }
        }
    }

    @frozen
    public struct Consumer: ~Copyable, RecordConsumer, Sendable {
        @usableFromInline var base: GenericByteRing<NativeMemory>.Consumer

        @inlinable
        init(_ base: consuming GenericByteRing<NativeMemory>.Consumer) { self.base = base }

        @inlinable @inline(__always)
        public mutating func pop(_ visit: (UnsafeRawBufferPointer) -> Void) -> Bool {
            base.pop { record in record.withUnsafeBytes(visit) } != nil
        }
    }
}

/// The library's own overwriting ring. Its algorithm and layout stand with `BroadcastRing`.
public enum LibraryBroadcastRing<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let ring = BroadcastRing<Item>(minimumCapacity: capacity)
        let reader = ring.makeReader(from: .oldest)
        return Ends(producer: Producer(ring.producer), consumer: Consumer(reader))
    }

    @frozen
    public struct Producer: ~Copyable, OverwritingProducer, Sendable {
        @usableFromInline var base: GenericBroadcastRing<Item, NativeMemory>.Producer

        @inlinable
        init(_ base: consuming GenericBroadcastRing<Item, NativeMemory>.Producer) { self.base = base }

        @inlinable @inline(__always)
        public mutating func publish(_ item: Item) { base.publish(item) }
    }

    @frozen
    public struct Consumer: ~Copyable, OverwritingConsumer, Sendable {
        @usableFromInline var base: GenericBroadcastRing<Item, NativeMemory>.Reader

        @inlinable
        init(_ base: consuming GenericBroadcastRing<Item, NativeMemory>.Reader) { self.base = base }

        @inlinable @inline(__always)
        public mutating func pop() -> Item? { base.next() }

        @inlinable public var lostCount: UInt64 { base.lostCount }
    }
}
