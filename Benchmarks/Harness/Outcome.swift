extension Session {
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
        public var rows: [Row]
        public var failures: [Failure]
        public var floor: Floor
        /// How many were run, failed ones included.
        public var contenders: Int
        /// Counted rounds, without the warm-up.
        public var rounds: Int
        /// Two-thread samples thrown away because the regime changed while they ran.
        public var discarded: Int
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
        /// Nil while there is nothing to extrapolate from.
        public var remainingSeconds: Double?
    }
}
