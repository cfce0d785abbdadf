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
