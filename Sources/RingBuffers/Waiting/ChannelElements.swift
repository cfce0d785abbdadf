public import MemoryAccess
public import Synchronization

/// The elements of a channel, as an asynchronous sequence:
///
///     for await element in channel.receiver.elements() { print(element) }
///
/// It ends when the sender is gone and every element was received, or when the iterating task is cancelled. A cancelled
/// iteration, and one that was left by `break`, takes nothing more: what is in the channel stays there for the next iterator
/// of this sequence, in any task. When the sequence and its iterators are gone, so is the receiver, and the sender's
/// elements come back to it.
///
/// One task at a time may iterate.
public struct ChannelElements<Element: Sendable, Memory: MemoryModel>: AsyncSequence, Sendable {
    @usableFromInline let box: ReceiverBox<Element, Memory>

    @inlinable
    init(box: ReceiverBox<Element, Memory>) { self.box = box }

    @inlinable
    public func makeAsyncIterator() -> Iterator { Iterator(box: box) }

    public struct Iterator: AsyncIteratorProtocol {
        @usableFromInline let box: ReceiverBox<Element, Memory>

        @inlinable
        init(box: ReceiverBox<Element, Memory>) { self.box = box }

        /// The oldest element; suspends until there is one. Returns nil at the end, or when the task is cancelled. Resumes
        /// where it was called.
        ///
        /// - Precondition: no other call is under way for the same sequence.
        @inlinable
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> Element? {
            box.claim()
            defer { box.giveUp() }
            // SAFETY: the claim makes this the only call that touches the receiver.
            return await box.receiver.pointee.receive()
        }

        @inlinable
        public mutating func next() async -> Element? { await next(isolation: nil) }
    }
}

/// The elements of a channel, as an asynchronous sequence of arrays: all that are there, at most a number. What holds for
/// ``ChannelElements`` holds for it; it awaits once per batch instead of once per element.
public struct ChannelBatches<Member: Sendable, Memory: MemoryModel>: AsyncSequence, Sendable {
    @usableFromInline let box: ReceiverBox<Member, Memory>
    @usableFromInline let count: Int

    @inlinable
    init(box: ReceiverBox<Member, Memory>, upTo count: Int) {
        self.box = box
        self.count = count
    }

    @inlinable
    public func makeAsyncIterator() -> Iterator { Iterator(box: box, upTo: count) }

    public struct Iterator: AsyncIteratorProtocol {
        @usableFromInline let box: ReceiverBox<Member, Memory>
        @usableFromInline let count: Int

        @inlinable
        init(box: ReceiverBox<Member, Memory>, upTo count: Int) {
            self.box = box
            self.count = count
        }

        /// The oldest elements, one at least; suspends until there is one. Returns nil at the end, or when the task is
        /// cancelled. Resumes where it was called.
        ///
        /// - Precondition: no other call is under way for the same sequence.
        @inlinable
        public mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> [Member]? {
            box.claim()
            defer { box.giveUp() }
            // SAFETY: the claim makes this the only call that touches the receiver.
            guard await box.receiver.pointee.waitForElement() else { return nil }
            var batch: [Member] = []
            _ = box.receiver.pointee.drain(upTo: count) { batch.append($0) }
            return batch
        }

        @inlinable
        public mutating func next() async -> [Member]? { await next(isolation: nil) }
    }
}

extension GenericSPSCChannel.Receiver where Element: Sendable {
    /// The elements as an asynchronous sequence, which owns this half from now on.
    @inlinable
    public consuming func elements() -> ChannelElements<Element, Memory> {
        ChannelElements(box: ReceiverBox(self))
    }

    /// The elements as an asynchronous sequence of arrays of at most `count`, which owns this half from now on.
    ///
    /// - Precondition: `count` is positive.
    @inlinable
    public consuming func batches(upTo count: Int) -> ChannelBatches<Element, Memory> {
        precondition(count > 0, "a batch of \(count) elements brings nothing")
        return ChannelBatches(box: ReceiverBox(self), upTo: count)
    }
}

/// Holds the receiver for a sequence and its iterators, which are copyable. It lies behind a pointer, because a property of
/// a class would be checked for exclusivity at each access; the claim does that once per call.
@usableFromInline
final class ReceiverBox<Element: Sendable, Memory: MemoryModel>: @unchecked Sendable {
    @usableFromInline let receiver: UnsafeMutablePointer<GenericSPSCChannel<Element, Memory>.Receiver>
    @usableFromInline let isClaimed = Atomic<Bool>(false)

    @inlinable
    init(_ receiver: consuming GenericSPSCChannel<Element, Memory>.Receiver) {
        self.receiver = .allocate(capacity: 1)
        self.receiver.initialize(to: receiver)
    }

    @inlinable
    deinit {
        receiver.deinitialize(count: 1)
        receiver.deallocate()
    }

    /// Acquires what the last call left.
    @inlinable
    func claim() {
        let wasClaimed = isClaimed.exchange(true, ordering: .acquiring)
        precondition(!wasClaimed, "two tasks iterate over the elements of one channel at the same time")
    }

    @inlinable
    func giveUp() { isClaimed.store(false, ordering: .releasing) }
}
