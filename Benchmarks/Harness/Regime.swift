/// How far apart the two processors of a race are at the moment, told by a cache line that bounces between them.
///
/// On a virtual machine the host decides which cores, or which core complexes, run the two processors, and changes its
/// mind within the hour. The same ring then differs by a factor of ten. So a figure of two threads means something
/// only together with its regime, and figures of different regimes are never put into one median.
public enum Regime: String, Codable, Sendable, CaseIterable {
    /// Neighbours, such as siblings on one core complex.
    case near = "S"
    /// The usual distance inside one socket.
    case usual = "N"
    /// Across complexes or sockets.
    case far = "F"

    /// Round trips seen lie at 70 to 92 ns, 96 to 170 ns, and 350 to 450 ns: the thresholds are in the gaps between.
    public static let usualFromNanoseconds = 94.0
    public static let farFromNanoseconds = 250.0

    /// - Parameter canary: nanoseconds per round trip.
    public init(canary: Double) {
        self =
            switch canary {
            case ..<Self.usualFromNanoseconds: .near
            case ..<Self.farFromNanoseconds: .usual
            default: .far
            }
    }
}

/// What two short ping-pongs said about the distance of the two processors, in nanoseconds per round trip.
struct CanaryReading: Sendable {
    /// Over one line, which both sides write.
    var line: Double
    /// Over a line for each direction.
    var perDirection: Double
}

/// The regime, and within the near one whether a line for each direction took less than 80 ns.
///
/// A single line does not tell two hardware threads of one core from two close cores: both were seen at 50 to 66 ns. A line
/// for each direction does: 48 ns against 108 to 118, with 47 GB/s from one side to the other against 7, and rings differ as
/// much. In one median they made every comparison a tie.
struct Distance: Hashable {
    let regime: Regime
    let isClose: Bool

    static let closeBelowNanoseconds = 80.0

    /// The label of the rows of such samples.
    static let closeLabel: (key: String, value: ParameterValue) = ("two-lines", "under-80ns")

    static let all = [Distance(.near, isClose: true)] + Regime.allCases.map { Distance($0) }

    private init(_ regime: Regime, isClose: Bool = false) {
        self.regime = regime
        self.isClose = isClose
    }

    init(_ canary: CanaryReading) {
        let regime = Regime(canary: canary.line)
        self.init(regime, isClose: regime == .near && canary.perDirection < Self.closeBelowNanoseconds)
    }
}

extension [String: ParameterValue] {
    /// What says that a row's samples were taken with the two processors close; nil in all other rows.
    public var closeness: ParameterValue? { self[Distance.closeLabel.key] }

    /// The parameters of the work alone.
    public var withoutCloseness: Self { filter { $0.key != Distance.closeLabel.key } }
}
