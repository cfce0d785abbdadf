/// What one short run came to.
public struct Sample: Sendable {
    /// In the contender's unit.
    public var value: Double
    /// How many operations the timed part did, warm-up and verification excluded.
    public var operations: Int
    /// Kind to number, for scans: what was found, printed with the row. Nil elsewhere.
    public var counts: [String: Int]?

    /// For figures that are no time or rate, or that the sample works out itself.
    public init(value: Double, operations: Int = 1, counts: [String: Int]? = nil) {
        self.value = value
        self.operations = operations
        self.counts = counts
    }

    /// For a time that the sample took itself.
    public init(nanoseconds: Double, operations: Int, unit: ResultUnit, counts: [String: Int]? = nil) {
        let perOperation = nanoseconds / Double(max(operations, 1))
        let value =
            switch unit {
            case .itemsPerSecond: 1e9 / perOperation
            case .gigabytesPerSecond: 1 / perOperation
            case .nanosecondsPerOperation, .nanoseconds, .bytesPerEvent, .bytes, .ratio, .count: perOperation
            }
        self.init(value: value, operations: operations, counts: counts)
    }
}

/// Thrown by a sample whose work was done wrongly. Its contender gets no number, and the run exits with 1.
public struct VerificationFailure: Error, Sendable, CustomStringConvertible {
    /// What was wrong: expected and found.
    public let what: String
    /// Where in the sample: an index, an offset, a field.
    public let location: String
    /// The seed of the sample. `--seed` with it repeats the sample in the first round.
    public let seed: UInt64

    public init(_ what: String, at location: String, seed: UInt64) {
        self.what = what
        self.location = location
        self.seed = seed
    }

    public var description: String { "\(what) at \(location) (seed \(seed))" }
}
