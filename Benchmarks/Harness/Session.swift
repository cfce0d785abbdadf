/// Runs contenders in rounds and keeps their samples.
///
/// ```
///   warm-up   A B C                      not counted; then one un-timed sample each that counts allocations
///   round 1   A C B                      every contender once, in an order shuffled by the seed,
///   round 2   C A B                      so that a slow minute of the machine falls on all alike
///   ...
/// ```
///
/// The calling thread is pinned while it runs a sample, and runs on all processors again afterwards.
public final class Session {
    private let seed: UInt64
    private let budget: Budget
    private let pair = ThreadPair()
    private let counter: AllocationCounter?
    /// Replaced in tests, which have less patience.
    var watchdog = Watchdog()
    /// Called on the session's thread before each sample.
    public var onProgress: (Progress) -> Void = { _ in }
    /// What a canary answers: replaced in tests.
    var measureCanary: (ThreadPair) throws -> CanaryReading = Canary.measure

    /// - Parameter countAllocations: false leaves ``Row/allocationsPerOperation`` nil even where they could be counted.
    public init(seed: UInt64, budget: Budget, countAllocations: Bool = true) {
        self.seed = seed
        self.budget = budget
        counter = countAllocations ? AllocationCounter.shared : nil
    }

    /// Runs all contenders until the budget is used. Not reentrant.
    public func run(_ contenders: [Contender]) -> Outcome {
        defer { Processors.unpin() }
        var book = Book(contenders)
        var pace = Pace(budget: budget)
        while let round = pace.nextRound() {
            // Round 0 uses the run's own seed, so that the seed of a failure, given as --seed, fails at once.
            let roundSeed = seed &+ UInt64(round)
            var order = Array(contenders.indices)
            var random = SplitMix64(seed: roundSeed)
            if round > 0 { order.shuffle(using: &random) }
            for (position, index) in order.enumerated() where !book.hasFailed(index) {
                let contender = contenders[index]
                onProgress(pace.progress(contender.name, position: position, of: order.count))
                do {
                    let taken = try take(contender, seed: roundSeed)
                    book.discarded += taken.discarded
                    if round > 0 { book.record(taken, of: index) }
                    if round == 0, let counter {
                        book.allocations[index] = try countAllocations(of: contender, seed: roundSeed, with: counter)
                    }
                } catch {
                    book.fail(index, error, seed: roundSeed)
                }
            }
        }
        return book.outcome(rounds: pace.finishedRounds)
    }

    /// One sample and the canaries around it, if any.
    struct Taken {
        /// Nil where the regime changed in every attempt.
        var sample: Sample?
        var canary: CanaryReading?
        var discarded = 0
    }

    private func take(_ contender: Contender, seed: UInt64) throws -> Taken {
        let attempts = 4
        var taken = Taken()
        guard hasRegime(contender) else {
            taken.sample = try run(contender, seed: seed, counter: nil).sample
            return taken
        }
        for _ in 0..<attempts {
            place(contender)
            let before = try measureCanary(pair)
            let sample = try run(contender, seed: seed, counter: nil).sample
            let after = try measureCanary(pair)
            // A sample during which the regime changed belongs to neither.
            if Distance(before) == Distance(after) {
                taken.sample = sample
                taken.canary = CanaryReading(
                    line: (before.line + after.line) / 2, perDirection: (before.perDirection + after.perDirection) / 2)
                return taken
            }
            taken.discarded += 1
        }
        return taken
    }

    private func countAllocations(
        of contender: Contender, seed: UInt64, with counter: AllocationCounter
    ) throws -> Double? {
        let context = try run(contender, seed: seed, counter: counter).context
        guard context.countedOperations > 0 else { return nil }
        return Double(context.allocations) / Double(context.countedOperations)
    }

    private func run(
        _ contender: Contender, seed: UInt64, counter: AllocationCounter?
    ) throws -> (sample: Sample, context: SampleContext) {
        var context = SampleContext(
            seed: seed, unit: contender.unit, pair: pair, oversubscribed: contender.isOversubscribed, counter: counter)
        place(contender)
        watchdog.begin(contender.name, seed: seed, abandon: context.abandoned)
        defer { watchdog.end() }
        let sample = try contender.sample(&context)
        // Its loops may have given up without a word.
        if context.abandoned.isRaised {
            throw VerificationFailure("hung: an item or a wake-up was lost", at: "the timed part", seed: seed)
        }
        guard sample.value.isFinite, sample.value >= 0 else {
            throw VerificationFailure("the figure \(sample.value) has no meaning", at: "the sample's value", seed: seed)
        }
        return (sample, context)
    }

    private func place(_ contender: Contender) {
        if contender.placement == .free { Processors.unpin() } else { Processors.pin(to: 0) }
    }

    private func hasRegime(_ contender: Contender) -> Bool {
        contender.threads == 2 && contender.placement == .pinned && Processors.allowed.count >= 2
    }
}

extension Contender {
    /// Whether its two threads share one processor, by wish or for want of a second one.
    var isOversubscribed: Bool {
        threads == 2 && (placement == .oversubscribed || Processors.allowed.count < 2)
    }
}
