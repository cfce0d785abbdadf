/// One case run by one strategy with one set of parameters: the unit of interleaving and one row of the result
/// (or one row per regime, for two threads).
///
/// A contender holds no figure. ``Session`` calls ``sample`` once per round, each time for a short run of about
/// 5 ms of timed work, and keeps what it returns.
public struct Contender {
    /// The suite it belongs to, as named on the command line.
    public let suite: String
    /// What is measured, the same for all strategies that compete.
    public let `case`: String
    /// Who does it.
    public let strategy: String
    public let origin: Origin
    /// Sorted by name when printed. Contenders are compared only where these agree.
    public let parameters: [String: ParameterValue]
    public let unit: ResultUnit
    public let better: Better
    /// 2: a canary precedes and follows each sample, and results are binned by regime.
    public let threads: Int
    public let placement: Placement
    /// One short run, verified inside.
    ///
    /// Called on the session's thread. Set-up and tear-down belong here too, outside ``SampleContext/time(operations:_:)``
    /// and ``SampleContext/race(operations:producer:consumer:)``, which alone are timed.
    ///
    /// - Throws: ``VerificationFailure`` where the work was done wrongly: the contender then gets no number at all.
    ///   Any other error counts as a failure as well.
    public let sample: (inout SampleContext) throws -> Sample

    /// - Parameters:
    ///   - better: by default `higher` for rates and `lower` for all else.
    ///   - threads: 1 or 2.
    public init(
        suite: String, case: String, strategy: String, origin: Origin, parameters: [String: ParameterValue] = [:],
        unit: ResultUnit, better: Better? = nil, threads: Int = 1, placement: Placement = .pinned,
        sample: @escaping (inout SampleContext) throws -> Sample
    ) {
        precondition(threads == 1 || threads == 2, "a contender has one thread or two")
        self.suite = suite
        self.case = `case`
        self.strategy = strategy
        self.origin = origin
        self.parameters = parameters
        self.unit = unit
        self.better = better ?? unit.usualDirection
        self.threads = threads
        self.placement = placement
        self.sample = sample
    }

    /// `suite/case/strategy/name=value,...`: what `--filter` matches and what a failure is reported as.
    public var name: String {
        let listed = parameters.listed
        return "\(suite)/\(`case`)/\(strategy)" + (listed.isEmpty ? "" : "/\(listed)")
    }
}

/// Where a strategy comes from.
public enum Origin: String, Codable, Sendable, CaseIterable {
    /// Ships in this package.
    case library
    /// Lives in the benchmarks only, for comparison.
    case strategy
    /// What a Swift user would pick instead.
    case swift
    /// Somebody else's work, in its own process.
    case peer
    /// What the machine allows: no strategy can beat it.
    case floor
}

/// What a row's figures mean.
public enum ResultUnit: String, Codable, Sendable, CaseIterable {
    case nanosecondsPerOperation = "ns/op"
    case nanoseconds = "ns"
    case itemsPerSecond = "items/s"
    /// 10^9 bytes per second.
    case gigabytesPerSecond = "GB/s"
    case bytesPerEvent = "bytes/event"
    case bytes
    case ratio
    case count

    var usualDirection: Better {
        switch self {
        case .itemsPerSecond, .gigabytesPerSecond: .higher
        default: .lower
        }
    }
}

/// Which of two figures wins.
public enum Better: String, Codable, Sendable {
    case lower, higher
}

/// Where a contender's threads run.
public enum Placement: Sendable {
    /// The caller on the first allowed processor, the helper of a race on the second.
    case pinned
    /// Both on the first, as on a machine with too few cores. Rows are labelled and have no regime.
    case oversubscribed
    /// Wherever the system likes, for contenders that start threads or processes of their own: those inherit it.
    case free
}

/// The value of a parameter: a number or a word.
public enum ParameterValue: Hashable, Sendable, CustomStringConvertible, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral
{
    case int(Int)
    case string(String)

    public init(integerLiteral value: Int) { self = .int(value) }
    public init(stringLiteral value: String) { self = .string(value) }

    public var description: String {
        switch self {
        case .int(let value): String(value)
        case .string(let value): value
        }
    }
}

extension [String: ParameterValue] {
    /// `name=value,...`, sorted by name.
    public var listed: String {
        sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
}
