/// A named set of contenders. Conforming types are listed in one array of the `bench` executable.
public protocol Suite: SendableMetatype {
    /// One lower-case word, as typed on the command line.
    static var name: String { get }
    /// One line for `bench list`.
    static var summary: String { get }
    /// False for a suite that runs only when it is named.
    static var runsByDefault: Bool { get }
    /// Builds the contenders. Cheap: data is made by the first sample that needs it.
    ///
    /// - Throws: ``UnusableInput`` where ``SuiteOptions/input`` cannot be used: the run exits with 2.
    static func contenders(_ options: SuiteOptions) throws -> [Contender]
    /// The floors to print beside a case: what bounds it from below.
    static func floors(of case: String) -> [FloorCase]
    /// What this machine lacks for all contenders to run: a line each, with how to get it.
    static func lacks(_ options: SuiteOptions) -> [String]
    /// What the kinds in ``Sample/counts`` come to, printed below them.
    static func totals(of counts: [String: Int]) -> [(name: String, count: Int)]
}

extension Suite {
    public static var runsByDefault: Bool { true }
    public static func lacks(_ options: SuiteOptions) -> [String] { [] }
    public static func totals(of counts: [String: Int]) -> [(name: String, count: Int)] {
        [("total", counts.values.reduce(0, +))]
    }
    public static func floors(of case: String) -> [FloorCase] { [] }
}

/// What the command line asks of a suite.
public struct SuiteOptions: Sendable {
    public var effort: Effort
    /// All data derives from it. A sample is given ``SampleContext/seed``, which differs by round; this one is for
    /// what is made once.
    public var seed: UInt64
    /// The file given by `--input`.
    public var input: String?

    public init(effort: Effort = .standard, seed: UInt64 = 1, input: String? = nil) {
        self.effort = effort
        self.seed = seed
        self.input = input
    }
}

/// How long a run may take.
public enum Effort: String, Sendable, CaseIterable {
    /// Under 90 seconds: fewer parameters may be swept.
    case quick
    /// Under 3 minutes.
    case standard
    /// For publication, about 15 minutes.
    case full
}

/// Thrown by ``Suite/contenders(_:)`` for an input that cannot be read or is of the wrong kind.
public struct UnusableInput: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
