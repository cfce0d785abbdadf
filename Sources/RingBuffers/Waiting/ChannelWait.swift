public import MemoryAccess

/// What a half of a channel waits for: that `exact` moves beyond `stale`, or that the other half goes.
///
/// A value of few words, passed to functions that are not inlined: as `mutating` methods of a half, these would make its
/// address escape, and the indices of its ring would live in memory instead of registers.
@frozen @usableFromInline
package struct ChannelWait<Memory: MemoryModel>: @unchecked Sendable {
    /// By which the waiting half is woken.
    @usableFromInline let own: ChannelBell<Memory>

    /// Of the half that it waits for.
    @usableFromInline let other: ChannelBell<Memory>

    /// A progress of the other half that is cheap to watch, but may lag.
    @usableFromInline let near: SharedWord

    /// Its progress, exactly.
    @usableFromInline let exact: SharedWord

    /// The progress that brings nothing. Modulo 2^64, compared as signed: `near` may lie behind it.
    @usableFromInline let stale: UInt64

    @inlinable
    init(
        own: ChannelBell<Memory>, other: ChannelBell<Memory>, near: SharedWord, exact: SharedWord, stale: UInt64
    ) {
        self.own = own
        self.other = other
        self.near = near
        self.exact = exact
        self.stale = stale
    }

    /// Whether it is worth looking: who then takes an element, or a slot, acquires it.
    @inlinable
    func isBeyond(_ word: SharedWord) -> Bool { Int64(bitPattern: Memory.loadRelaxed(word) &- stale) > 0 }

    /// All that this wait is for, or nil. The order is that of invariant 8.
    @inlinable
    func look() -> ChannelEvent? {
        let isOtherGone = other.isOwnerGone
        if isBeyond(exact) { return .progress }
        return isOtherGone ? .otherIsGone : nil
    }

    @inlinable
    func spin(_ patience: inout ChannelPatience) -> ChannelEvent? {
        for _ in 0..<Memory.looks(patience.spins) {
            if isBeyond(near) {
                patience.lengthen()
                return .progress
            }
            Memory.pause()
        }
        patience.shorten()
        return look()
    }

    /// Blocks the thread until there is something, or until `deadline`.
    @inlinable @inline(never)
    func block(_ patience: ChannelPatience, until deadline: ContinuousClock.Instant?) -> ChannelNews {
        var patience = patience
        if let event = spin(&patience) { return ChannelNews(event, patience) }
        while true {
            Memory.storeRelaxed(ChannelBell<Memory>.threadSleeps, to: own.word)
            Memory.heavyFence()
            var event = look()
            if event == nil {
                // At least 1: for the system, 0 says "without limit".
                let left = deadline.map { max(0, nanoseconds(until: $0)) } ?? 1
                if left == 0 {
                    event = .timedOut
                } else {
                    Memory.sleep(on: own.word, while: 1, nanoseconds: deadline == nil ? 0 : UInt64(left))
                    event = look()
                }
            }
            if let event {
                Memory.storeRelaxed(ChannelBell<Memory>.silent, to: own.word)
                return ChannelNews(event, patience)
            }
        }
    }

    /// Suspends the task until it is worth looking again, or until it is cancelled. `storage` holds the words.
    @inlinable
    nonisolated(nonsending) func suspend(
        _ patience: ChannelPatience, storage: ChannelStorage<Memory>
    ) async -> ChannelNews {
        var patience = patience
        if let event = spin(&patience) { return ChannelNews(event, patience) }
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                enlist(continuation) { Task.isCancelled }
            }
        } onCancel: {
            withExtendedLifetime(storage) { cancel() }
        }
        return ChannelNews(look() ?? (Task.isCancelled ? .cancelled : .progress), patience)
    }

    /// Leaves a continuation to be resumed as soon as there is something, which may be at once.
    @inlinable
    package func enlist(_ continuation: UnsafeContinuation<Void, Never>, isCancelled: () -> Bool) {
        Memory.willWrite(own.continuation, byteCount: 8)
        own.continuation.pointee = continuation
        Memory.storeRelease(ChannelBell<Memory>.taskIsSuspended, to: own.word)
        Memory.heavyFence()
        if look() != nil || isCancelled() { own.resume() }
    }

    /// Resumes the task because it was cancelled, unless it was resumed. The handler of the cancellation.
    @inlinable
    package func cancel() {
        // Orders the cancellation, which the task looks at, before the exchange: the same argument as for progress.
        Memory.fence()
        own.resume()
    }

    @inlinable
    func nanoseconds(until deadline: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: deadline).components
        // A year and a day: the caller asks again after it.
        if seconds > 31_622_400 { return 31_622_400_000_000_000 }
        return seconds < 0 ? 0 : seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    }
}

@frozen @usableFromInline
enum ChannelEvent: Sendable {
    case progress
    case otherIsGone
    case timedOut
    case cancelled
}

/// The result of a wait: by value, so that the half's own fields stay in registers.
@frozen @usableFromInline
struct ChannelNews: Sendable {
    @usableFromInline let event: ChannelEvent
    @usableFromInline let patience: ChannelPatience

    @inlinable
    init(_ event: ChannelEvent, _ patience: ChannelPatience) {
        self.event = event
        self.patience = patience
    }
}

/// How often a half looks before it sleeps. A pause takes 10 to 60 ns on current x86-64, a sleep with its wake-up some
/// microseconds; so 32 looks are always worth it, and 128 while they tend to find something.
@frozen @usableFromInline
struct ChannelPatience: Sendable {
    @usableFromInline var spins: UInt32 = 64

    @inlinable init() {}

    @inlinable mutating func lengthen() { spins = min(spins &* 2, 128) }
    @inlinable mutating func shorten() { spins = max(spins / 2, 32) }
}
