public import MemoryAccess

/// The time was up before an element came.
public struct ReceiveTimedOut: Error, Sendable {
    @inlinable init() {}
}

extension GenericSPSCChannel where Element: ~Copyable {
    /// The receiving half of a channel. One thread at a time may use it; moving it to another is a hand-over like any other.
    ///
    /// Hold it as a local variable, as the ring's halves. Its end of life tells the sender, whose elements then come back to
    /// it; elements that were sent and not received are destroyed when the sender has gone too.
    @frozen
    public struct Receiver: ~Copyable {
        @usableFromInline var consumer: GenericSPSCRing<Element, Memory>.Consumer
        @usableFromInline let storage: ChannelStorage<Memory>
        @usableFromInline let words: ChannelWords<Memory>
        @usableFromInline var patience = ChannelPatience()

        @inlinable
        init(consumer: consuming GenericSPSCRing<Element, Memory>.Consumer, storage: ChannelStorage<Memory>) {
            self.consumer = consumer
            self.storage = storage
            words = storage.words
        }

        @inlinable
        deinit { words.receiverBell.leave(waking: words.senderBell) }
    }
}

extension GenericSPSCChannel.Receiver where Element: ~Copyable {
    /// The number of elements that can be sent and not yet received.
    @inlinable public var capacity: Int { consumer.capacity }

    /// True once the sender is gone and every element was received: no other will come.
    @inlinable public var isFinished: Bool {
        words.senderBell.isOwnerGone && Memory.loadRelaxed(consumer.control.fine) == consumer.head
    }

    /// The oldest element, or nil when there is none now. O(1), never blocks; makes a system call if the sender's thread
    /// sleeps.
    @inlinable @inline(__always)
    public mutating func tryReceive() -> Element? {
        guard let element = consumer.pop() else { return nil }
        publishTaken()
        return element
    }

    /// The oldest element; blocks the thread until there is one. Returns nil once the sender is gone and every element was
    /// received. O(1) when there is one.
    @inlinable @inline(__always)
    public mutating func receive() -> Element? {
        while true {
            if let element = tryReceive() { return element }
            guard waitForElement() else { return nil }
        }
    }

    /// The oldest element; blocks the thread until there is one or `deadline` has come. Returns nil once the sender is gone
    /// and every element was received. Throws at the deadline: nothing is lost, and the next call receives what came since.
    @inlinable
    public mutating func receive(until deadline: ContinuousClock.Instant) throws(ReceiveTimedOut) -> Element? {
        while true {
            if let element = tryReceive() { return element }
            let news = wait.block(patience, until: deadline)
            patience = news.patience
            if news.event == .otherIsGone { return nil }
            if news.event == .timedOut { throw ReceiveTimedOut() }
        }
    }

    /// As `receive(until:)`, with a deadline `timeout` from now. Without waiting, if it is not positive.
    @inlinable
    public mutating func receive(timeout: Duration) throws(ReceiveTimedOut) -> Element? {
        if let element = tryReceive() { return element }
        return try receive(until: .now.advanced(by: timeout))
    }

    /// The oldest element; suspends the task until there is one. Returns nil once the sender is gone and every element was
    /// received (`isFinished`), or when the task is cancelled: then nothing is taken, and whoever calls next receives it.
    @inlinable
    nonisolated(nonsending) public mutating func receive() async -> Element? {
        while !Task.isCancelled {
            if let element = tryReceive() { return element }
            guard await waitForElement() else { return nil }
        }
        return nil
    }

    /// Passes elements that are there now to `body`, oldest first, at most `count`. Returns how many: 0 only when there are
    /// none. What one look at the ring did not bring is for the next call. O(count), never blocks.
    ///
    /// A waiting sender learns of the room within an eighth of the capacity. If `body` throws, the element that it was given
    /// is gone, and those after it stay.
    @inlinable @inline(__always)
    public mutating func drain<Failure: Error>(
        upTo count: Int = .max, _ body: (consuming Element) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        var done = 0
        repeat {
            defer { publishTaken() }
            done &+= try consumer.drain(upTo: min(count &- done, capacity / 8), body)
            // Only what the first look brought: a fast sender must not keep us here.
        } while done < count && consumer.head != consumer.tail
        return done
    }

    /// Shows `body` elements in place, oldest first: those that lie in a row, at most `count`, none when there are none.
    /// `body` returns how many of them, from the first on, it has done with. Never blocks.
    ///
    /// - Precondition: what `body` returns lies in `0 ... span.count`.
    @inlinable @inline(__always)
    public mutating func consume<Failure: Error>(
        upTo count: Int = .max, _ body: (borrowing Span<Element>) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        let done = try consumer.consume(upTo: count, body)
        publishTaken()
        return done
    }

    /// Blocks the thread until there is an element: for `drain` and `consume`. Returns false once the sender is gone and
    /// every element was received.
    @inlinable @inline(__always)
    public mutating func waitForElement() -> Bool {
        let news = wait.block(patience, until: nil)
        patience = news.patience
        return news.event != .otherIsGone
    }

    /// Suspends the task until there is an element: for `drain` and `consume`. Returns false once the sender is gone and
    /// every element was received, or when the task is cancelled.
    @inlinable
    nonisolated(nonsending) public mutating func waitForElement() async -> Bool {
        while !Task.isCancelled {
            let news = await wait.suspend(patience, storage: storage)
            patience = news.patience
            if news.event == .otherIsGone { return false }
            // An element may have come after the cancellation, before this task ran again.
            if wait.isBeyond(consumer.control.fine) { return !Task.isCancelled }
        }
        return false
    }

    /// The wait for an element in an empty ring.
    @inlinable @inline(__always)
    package var wait: ChannelWait<Memory> {
        let fine = consumer.control.fine
        return ChannelWait(
            own: words.receiverBell, other: words.senderBell, near: fine, exact: fine, stale: consumer.head)
    }

    /// Says how far we are, and wakes a sender that waits for it (invariants 1 and 3).
    @inlinable @inline(__always)
    func publishTaken() {
        // Releases our reads of the slots below to the sender's load of `taken` (invariant 4).
        Memory.storeRelease(consumer.head, to: words.taken)
        words.senderBell.ringIfAwaited()
    }
}

extension GenericSPSCChannel.Receiver: @unchecked Sendable where Element: ~Copyable & Sendable {}
