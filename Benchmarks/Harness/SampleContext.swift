import Synchronization

/// What a sample is given: its seed, and the two ways to time.
///
/// Captured variables of a closure live in memory: a hot loop copies them to locals first, and back after.
public struct SampleContext {
    /// The sample's data derives from it. The same for all contenders of a round, another one each round.
    public let seed: UInt64
    /// The unit that ``time(operations:_:)`` and ``race(operations:producer:consumer:)`` answer in.
    public let unit: ResultUnit
    /// Raised as soon as one side of a race has thrown, or when the sample has hung for long. A loop that waits for
    /// the other side returns when it is raised; otherwise a lost item would make it wait for ever.
    public let abandoned: AbandonFlag

    /// True where the two threads of a race share one processor: whoever waits has to yield.
    public let isOversubscribed: Bool

    /// Whether this sample is made for its allocations alone: its figure is thrown away, so that one which is expensive to
    /// make may be made up.
    public var isCountingAllocations: Bool { counter != nil }

    let pair: ThreadPair
    let counter: AllocationCounter?
    private(set) var allocations: UInt64 = 0
    private(set) var countedOperations = 0

    init(
        seed: UInt64, unit: ResultUnit, pair: ThreadPair, oversubscribed: Bool = false,
        counter: AllocationCounter? = nil, abandoned: AbandonFlag = AbandonFlag()
    ) {
        self.seed = seed
        self.unit = unit
        self.pair = pair
        isOversubscribed = oversubscribed
        self.counter = counter
        self.abandoned = abandoned
    }

    /// Times `body` on this thread.
    ///
    /// - Parameter operations: how many `body` does; bytes, for a unit of GB/s.
    public mutating func time(operations: Int, _ body: () throws -> Void) rethrows -> Sample {
        let before = counter?.total() ?? 0
        let start = Ticks.now()
        try body()
        let end = Ticks.now()
        if let counter { count(counter.total() - before, operations) }
        return Sample(nanoseconds: Ticks.nanoseconds(from: start, to: end), operations: operations, unit: unit)
    }

    /// Runs both closures at once, each on a processor of its own, released together, and times from the release to
    /// the later end.
    ///
    /// A side that finds something wrong should remember it, let the other side finish, and throw at the end; or throw
    /// at once where the other side looks at ``abandoned``.
    ///
    /// - Parameters:
    ///   - operations: how many the two did together, counted once: items that went across; bytes, for GB/s.
    ///   - producer: runs on the helper thread.
    ///   - consumer: runs on this thread.
    /// - Throws: what either side threw.
    public mutating func race(
        operations: Int, producer: @Sendable () throws -> Void, consumer: () throws -> Void
    ) throws -> Sample {
        let counter = counter
        let abandoned = abandoned
        var before: UInt64 = 0
        var after: UInt64 = 0
        let interval = try withoutActuallyEscaping(producer) { body in
            try pair.race(
                ThreadPair.Job(
                    body: body, processor: isOversubscribed ? 0 : 1, yielding: isOversubscribed, counter: counter),
                atStart: { before = counter?.total() ?? 0 },
                atEnd: { after = counter?.total() ?? 0 },
                failed: { abandoned.raise() },
                caller: consumer)
        }
        count(after - before, operations)
        return Sample(nanoseconds: interval.nanoseconds, operations: operations, unit: unit)
    }

    /// The same for the two noncopyable halves of a ring, which closures cannot capture. Both live until the race is
    /// over, so that freeing the ring is not timed.
    ///
    /// For the indices to stay in registers, move the half into a local and back: `var p = consume half` and, on all
    /// ways out, `half = p`.
    public mutating func race<Producer: ~Copyable & Sendable, Consumer: ~Copyable>(
        operations: Int, _ producer: consuming Producer, _ consumer: consuming Consumer,
        produce: @Sendable (inout Producer) throws -> Void, consume: (inout Consumer) throws -> Void
    ) throws -> Sample {
        try withUnsafeMutablePointer(to: &producer) { half in
            // SAFETY: `half` points to this frame, which outlives the race, and only the helper uses it meanwhile.
            nonisolated(unsafe) let half = half
            return try race(
                operations: operations, producer: { try produce(&half.pointee) },
                consumer: { try consume(&consumer) })
        }
    }

    /// Marks the timed part of a sample that takes its time itself (with ``Ticks``), so that its allocations are
    /// counted when the harness asks for them. It runs on this thread.
    public mutating func counting<Result>(operations: Int, _ body: () throws -> Result) rethrows -> Result {
        guard let counter else { return try body() }
        let before = counter.total()
        let result = try body()
        count(counter.total() - before, operations)
        return result
    }

    private mutating func count(_ allocations: UInt64, _ operations: Int) {
        self.allocations += allocations
        countedOperations += operations
    }
}

/// A flag that tells the loops of a race that the other side is gone. Any thread may raise or read it.
public struct AbandonFlag: Sendable {
    private final class Storage: Sendable {
        let raised = Atomic<Bool>(false)
    }
    private let storage = Storage()

    /// Read it only while waiting: it is a shared line, though a quiet one.
    public var isRaised: Bool { storage.raised.load(ordering: .relaxed) }

    func raise() { storage.raised.store(true, ordering: .relaxed) }
}
