/// The result of one run, as written to JSON (schema 1). Nil is "not measured" and is written as null: a number is
/// never made up.
public struct Report: Sendable {
    public static let schema = 1

    /// ISO 8601.
    public var startedAt: String
    public var command: String
    /// With "-dirty" where the working tree differed; nil outside a repository.
    public var commit: String?
    /// "release", or "debug" in tests.
    public var configuration: String
    public var swift: String
    public var machine: Machine
    public var floor: Floor
    public var rows: [Row]

    public init(
        startedAt: String, command: String, commit: String?, configuration: String, swift: String, machine: Machine,
        floor: Floor, rows: [Row]
    ) {
        self.startedAt = startedAt
        self.command = command
        self.commit = commit
        self.configuration = configuration
        self.swift = swift
        self.machine = machine
        self.floor = floor
        self.rows = rows
    }
}

/// What the machine allows, measured in the same run.
public struct Floor: Hashable, Sendable {
    public var clockReadNs: Double?
    public var store16Ns: Double?
    /// Of the regime that most canaries of the run were in.
    public var pingPongNs: Double?
    public var streamGBps: Double?

    public init(
        clockReadNs: Double? = nil, store16Ns: Double? = nil, pingPongNs: Double? = nil, streamGBps: Double? = nil
    ) {
        self.clockReadNs = clockReadNs
        self.store16Ns = store16Ns
        self.pingPongNs = pingPongNs
        self.streamGBps = streamGBps
    }
}

/// One contender in one regime.
public struct Row: Hashable, Sendable {
    public var suite: String
    public var `case`: String
    public var strategy: String
    public var origin: Origin
    public var parameters: [String: ParameterValue]
    public var unit: ResultUnit
    public var better: Better
    public var spread: Spread
    /// Nil for one thread, and for two on one processor.
    public var regime: Regime?
    /// Median of the canaries of this row's samples.
    public var canaryNs: Double?
    /// Always true in a row that a run made: what fails verification has no row.
    public var verified: Bool
    /// Nil where no allocation counter was there.
    public var allocationsPerOperation: Double?
    /// Scans only: kind to number.
    public var counts: [String: Int]?

    public init(
        suite: String, case: String, strategy: String, origin: Origin, parameters: [String: ParameterValue] = [:],
        unit: ResultUnit, better: Better, spread: Spread, regime: Regime? = nil, canaryNs: Double? = nil,
        verified: Bool = true, allocationsPerOperation: Double? = nil, counts: [String: Int]? = nil
    ) {
        self.suite = suite
        self.case = `case`
        self.strategy = strategy
        self.origin = origin
        self.parameters = parameters
        self.unit = unit
        self.better = better
        self.spread = spread
        self.regime = regime
        self.canaryNs = canaryNs
        self.verified = verified
        self.allocationsPerOperation = allocationsPerOperation
        self.counts = counts
    }
}

/// The machine and what on it decides figures.
public struct Machine: Codable, Hashable, Sendable {
    public var cpu: String
    /// Processors this process may run on.
    public var cores: Int
    public var kernel: String
    public var memoryBytes: UInt64
    /// "tsc", "cntvct", or "clock_gettime".
    public var clock: String
    /// Of that clock, as calibrated.
    public var ticksPerSecond: UInt64
    /// "jemalloc 5.3.0", or the system's.
    public var allocator: String
}
