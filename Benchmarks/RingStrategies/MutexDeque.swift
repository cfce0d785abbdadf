public import DequeModule
public import Synchronization

/// What a Swift programmer writes first: a `Mutex` around a bounded `Deque`.
///
/// Layout: the mutex and the deque in one allocation; the deque's buffer is reserved up front, so nothing allocates
/// later. The lock orders everything.
///
/// Gives up: both sides write the lock's line for every operation, and a descheduled holder stops the other side.
public enum MutexDeque<Item: BitwiseCopyable & Sendable> {
    @inlinable
    public static func make(capacity: Int) -> Ends<Producer, Consumer> {
        let guarded = GuardedDeque<Item>(capacity: capacity)
        return Ends(producer: Producer(guarded), consumer: Consumer(guarded))
    }

    @frozen
    public struct Producer: ~Copyable, ItemProducer, @unchecked Sendable {
        @usableFromInline let guarded: GuardedDeque<Item>

        @inlinable
        init(_ guarded: GuardedDeque<Item>) { self.guarded = guarded }

        @inlinable
        deinit { guarded.release() }

        @inlinable
        public mutating func push(_ item: Item) -> Bool {
            let capacity = guarded.capacity
            return guarded.mutex.pointee.withLock { deque in
                guard deque.count < capacity else { return false }
                deque.append(item)
                return true
            }
        }

        @inlinable
        public mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int {
            let capacity = guarded.capacity
            return guarded.mutex.pointee.withLock { deque in
                let count = min(items.count, capacity - deque.count)
                deque.append(contentsOf: UnsafeBufferPointer(rebasing: items[..<count]))
                return count
            }
        }
    }

    @frozen
    public struct Consumer: ~Copyable, ItemConsumer, @unchecked Sendable {
        @usableFromInline let guarded: GuardedDeque<Item>

        @inlinable
        init(_ guarded: GuardedDeque<Item>) { self.guarded = guarded }

        @inlinable
        deinit { guarded.release() }

        @inlinable
        public mutating func pop() -> Item? { guarded.mutex.pointee.withLock { $0.popFirst() } }

        /// Visits under the lock: copying out first would cost a buffer.
        @inlinable
        public mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int {
            guarded.mutex.pointee.withLock { deque in
                let count = min(limit, deque.count)
                for i in 0..<count { visit(deque[i]) }
                deque.removeFirst(count)
                return count
            }
        }
    }
}

@frozen
@usableFromInline
struct GuardedDeque<Item: BitwiseCopyable & Sendable>: @unchecked Sendable {
    @usableFromInline let block: SharedBlock
    @usableFromInline let mutex: UnsafeMutablePointer<Mutex<Deque<Item>>>
    @usableFromInline let capacity: Int

    @inlinable
    init(capacity: Int) {
        self.capacity = roundedUp(capacity)
        block = SharedBlock(lines: 0, payloadByteCount: MemoryLayout<Mutex<Deque<Item>>>.stride)
        mutex = block.payload(afterLines: 0).bindMemory(to: Mutex<Deque<Item>>.self, capacity: 1)
        mutex.initialize(to: Mutex(Deque(minimumCapacity: self.capacity)))
    }

    @inlinable
    func release() {
        guard block.isLastRelease() else { return }
        // SAFETY: the other end is gone, and `init` initialised the mutex.
        mutex.deinitialize(count: 1)
        block.deallocate()
    }
}
