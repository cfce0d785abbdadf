/// Runs contenders in rounds and keeps their samples.
///
/// ```
///   warm-up   B A C                      not counted; also the one un-timed pass that counts allocations
///   round 1   A C B                      every contender once, in an order shuffled by the seed
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
    /// Called on the session's thread before each sample.
    public var onProgress: (Progress) -> Void = { _ in }

    /// - Parameter countAllocations: false leaves ``Row/allocationsPerOperation`` nil even where they could be counted.
    public init(seed: UInt64, budget: Budget, countAllocations: Bool = true) {
        self.seed = seed
        self.budget = budget
        counter = countAllocations ? AllocationCounter.shared : nil
    }

    /// How far a run has come.
    public struct Progress: Sendable {
        /// 0 is the warm-up.
        public var round: Int
        /// Expected, from the time of the rounds so far.
        public var rounds: Int
        public var contender: String
        /// 0 to 1.
        public var fraction: Double
        public var remainingSeconds: Double
    }

    /// What a contender that got no number did.
    public struct Failure: Sendable {
        public var contender: String
        public var what: String
        /// `--seed` with it repeats the failure in the first round.
        public var seed: UInt64
    }

    /// What a run came to.
    public struct Outcome: Sendable {
        /// In the order of the contenders, then of the regimes.
        public var rows: [Row] = []
        public var failures: [Failure] = []
        public var floor = Floor()
        /// Counted rounds, without the warm-up.
        public var rounds = 0
        /// Two-thread samples thrown away because the regime changed while they ran.
        public var discarded = 0
    }

    /// Runs all contenders until the budget is used. Not reentrant.
    public func run(_ contenders: [Contender]) -> Outcome {
        var outcome = Outcome()
        for contender in contenders {
            var context = SampleContext(seed: seed, unit: contender.unit, pair: pair)
            do {
                let sample = try contender.sample(&context)
                guard let spread = Spread([sample.value]) else { continue }
                outcome.rows.append(
                    Row(
                        suite: contender.suite, case: contender.case, strategy: contender.strategy,
                        origin: contender.origin, parameters: contender.parameters, unit: contender.unit,
                        better: contender.better, spread: spread, counts: sample.counts))
            } catch {
                outcome.failures.append(Failure(contender: contender.name, what: "\(error)", seed: seed))
            }
        }
        return outcome
    }
}

/// How long a session may take.
public struct Budget: Sendable {
    public var seconds: Double
    /// Counted rounds that are made in any case, however long they take.
    public var minimumRounds: Int
    /// Counted rounds after which more would add nothing.
    public var maximumRounds: Int

    public init(seconds: Double, minimumRounds: Int, maximumRounds: Int) {
        self.seconds = seconds
        self.minimumRounds = minimumRounds
        self.maximumRounds = maximumRounds
    }

    public init(_ effort: Effort) {
        switch effort {
        case .quick: self.init(seconds: 60, minimumRounds: 3, maximumRounds: 15)
        case .standard: self.init(seconds: 150, minimumRounds: 5, maximumRounds: 60)
        case .full: self.init(seconds: 840, minimumRounds: 5, maximumRounds: 400)
        }
    }
}
