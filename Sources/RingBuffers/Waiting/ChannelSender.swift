public import MemoryAccess

extension GenericSPSCChannel where Element: ~Copyable {
    /// The sending half of a channel. One thread at a time may use it; moving it to another is a hand-over like any other.
    ///
    /// Hold it as a local variable, as the ring's halves. Its end of life tells the receiver, which receives what was sent
    /// and then nil.
    @frozen
    public struct Sender: ~Copyable {
        @usableFromInline var producer: GenericSPSCRing<Element, Memory>.Producer
        @usableFromInline let storage: ChannelStorage<Memory>
        @usableFromInline let words: ChannelWords<Memory>
        @usableFromInline var patience = ChannelPatience()

        @inlinable
        init(producer: consuming GenericSPSCRing<Element, Memory>.Producer, storage: ChannelStorage<Memory>) {
            self.producer = producer
            self.storage = storage
            words = storage.words
        }

        @inlinable
        deinit { words.senderBell.leave(waking: words.receiverBell) }
    }
}

extension GenericSPSCChannel.Sender where Element: ~Copyable {
    /// The number of elements that can be sent and not yet received.
    @inlinable public var capacity: Int { producer.capacity }

    /// True once the receiver is gone: nothing will be received any more. One load.
    @inlinable @inline(__always)
    public var isReceiverGone: Bool { words.receiverBell.isOwnerGone }

    /// Sends `element` if there is room now. Returns nil, or the element itself when the channel is full or the receiver is
    /// gone. O(1), never blocks; makes a system call if the receiver's thread sleeps.
    ///
    /// Room may be found up to an eighth of the capacity late, as in the ring.
    @inlinable @inline(__always)
    public mutating func trySend(_ element: consuming Element) -> Element? {
        if isReceiverGone { return element }
        guard producer.makeRoom() else { return element }
        producer.writeFirst(element)
        words.receiverBell.ringIfAwaited()
        return nil
    }

    /// Sends `element`, and blocks the thread while the channel is full. Returns nil, or the element itself when the
    /// receiver is gone.
    ///
    /// What was sent may still be destroyed unread, if the receiver goes later. O(1) when there is room.
    @inlinable @inline(__always)
    public mutating func send(_ element: consuming Element) -> Element? {
        var refused = trySend(element)
        while let element = refused.take() {
            if isReceiverGone { return element }
            let news = wait.block(patience, until: nil)
            patience = news.patience
            acceptRoom()
            refused = trySend(element)
        }
        return nil
    }

    /// Sends `element`, and suspends the task while the channel is full. Returns nil, or the element itself when the
    /// receiver is gone or the task is cancelled; a cancelled task sends nothing.
    @inlinable
    nonisolated(nonsending) public mutating func send(_ element: consuming Element) async -> Element? {
        if Task.isCancelled { return element }
        var refused = trySend(element)
        while let element = refused.take() {
            if isReceiverGone { return element }
            patience = await wait.suspend(patience, storage: storage).patience
            acceptRoom()
            // Room may have come after the cancellation, before this task ran again.
            if Task.isCancelled { return element }
            refused = trySend(element)
        }
        return nil
    }

    /// Lets `body` append up to `count` elements straight into free slots, and sends them in one go when it returns. Never
    /// blocks: the span is empty when the channel is full or the receiver is gone, and as short as the ring's
    /// `reserve(upTo:)` says. If `body` throws, what it appended is destroyed and nothing is sent.
    @inlinable @inline(__always)
    public mutating func reserve<Result, Failure: Error>(
        upTo count: Int, _ body: (inout OutputSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result = try producer.reserve(upTo: isReceiverGone ? 0 : count, body)
        words.receiverBell.ringIfAwaited()
        return result
    }

    /// Waits, blocking the thread, until there is room. Returns false when the receiver is gone. For `reserve(upTo:)`.
    @inlinable @inline(__always)
    public mutating func waitForRoom() -> Bool {
        while !isReceiverGone {
            if producer.makeRoom() { return true }
            patience = wait.block(patience, until: nil).patience
            acceptRoom()
        }
        return false
    }

    /// The wait for room in a full ring.
    @inlinable @inline(__always)
    var wait: ChannelWait<Memory> {
        ChannelWait(
            own: words.senderBell, other: words.receiverBell, near: producer.control.released, exact: words.taken,
            stale: producer.head &- producer.mask &- 1)
    }

    /// Lets the ring write the slots below `taken` (invariant 4), if it does not find room by itself.
    @inlinable @inline(__always)
    mutating func acceptRoom() {
        if wait.isBeyond(wait.near) { return }
        let bound = Memory.loadAcquire(words.taken) &+ producer.mask &+ 1
        producer.bound = GenericSPSCRing<Element, Memory>.Producer.later(producer.bound, bound)
    }
}

extension GenericSPSCChannel.Sender {
    /// Sends as many of `elements`, from the first on, as there is room for; returns how many: 0 when the channel is full or
    /// the receiver is gone. O(count), never blocks.
    @inlinable @inline(__always)
    public mutating func trySend(contentsOf elements: Span<Element>) -> Int {
        elements.withUnsafeBufferPointer { trySend(contentsOf: $0) }
    }

    /// Sends all `elements`, and blocks the thread while the channel is full. Returns how many were sent: fewer only when
    /// the receiver is gone. O(count).
    @inlinable
    public mutating func send(contentsOf elements: Span<Element>) -> Int {
        elements.withUnsafeBufferPointer { elements in
            var done = trySend(contentsOf: elements)
            while done < elements.count && waitForRoom() {
                done &+= trySend(contentsOf: UnsafeBufferPointer(rebasing: elements[done...]))
            }
            return done
        }
    }

    @inlinable @inline(__always)
    mutating func trySend(contentsOf elements: UnsafeBufferPointer<Element>) -> Int {
        if isReceiverGone { return 0 }
        let count = producer.push(contentsOf: elements)
        words.receiverBell.ringIfAwaited()
        return count
    }
}

extension GenericSPSCChannel.Sender: @unchecked Sendable where Element: ~Copyable & Sendable {}
