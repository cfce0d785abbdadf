public import Synchronization

/// The Swift programmer's overwriting ring: a `Mutex` around a circular buffer. The lock orders everything.
///
/// Layout: the mutex guards the producer's index (one past the last item published) on a line of its own; the slots
/// follow and are touched under the lock only. Each reader keeps its own index.
///
/// Gives up: the writer waits for whoever reads, and readers for each other.
public enum MutexOverwrite<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let guarded = GuardedSlots<Item>(capacity: capacity)
        return Ends(producer: Producer(guarded), consumer: Consumer(guarded))
    }

    @frozen
    public struct Producer: ~Copyable, OverwritingProducer, @unchecked Sendable {
        @usableFromInline let guarded: GuardedSlots<Item>

        @inlinable
        init(_ guarded: GuardedSlots<Item>) { self.guarded = guarded }

        @inlinable
        deinit { guarded.release() }

        @inlinable
        public mutating func publish(_ item: Item) {
            let slots = guarded.slots
            guarded.tail.pointee.withLock { tail in
                slots[tail] = item
                tail &+= 1
            }
        }
    }

    @frozen
    public struct Consumer: ~Copyable, OverwritingConsumer, @unchecked Sendable {
        @usableFromInline let guarded: GuardedSlots<Item>
        @usableFromInline var head: UInt64 = 0
        public var lostCount: UInt64 = 0

        @inlinable
        init(_ guarded: GuardedSlots<Item>) { self.guarded = guarded }

        @inlinable
        deinit { guarded.release() }

        @inlinable
        public mutating func pop() -> Item? {
            let slots = guarded.slots
            let head = head
            let found = guarded.tail.pointee.withLock { tail -> (item: Item, index: UInt64)? in
                guard head != tail else { return nil }
                let index = tail &- head > slots.count ? tail &- slots.count : head
                return (slots[index], index)
            }
            guard let found else { return nil }
            lostCount &+= found.index &- head
            self.head = found.index &+ 1
            return found.item
        }
    }
}

@frozen
@usableFromInline
struct GuardedSlots<Item: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let block: SharedBlock
    @usableFromInline let tail: UnsafeMutablePointer<Mutex<UInt64>>
    @usableFromInline let slots: Slots<Item>

    @inlinable
    init(capacity: Int) {
        let count = roundedUp(capacity)
        block = SharedBlock(lines: 0, payloadByteCount: 128 + count * MemoryLayout<Item>.stride)
        let payload = block.payload(afterLines: 0)
        tail = payload.bindMemory(to: Mutex<UInt64>.self, capacity: 1)
        tail.initialize(to: Mutex(0))
        slots = Slots<Item>(payload + 128, count: count)
    }

    @inlinable
    func release() {
        guard block.isLastRelease() else { return }
        // SAFETY: the other end is gone, and `init` initialised the mutex.
        tail.deinitialize(count: 1)
        block.deallocate()
    }
}
