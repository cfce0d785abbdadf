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

/// The regime, and within the near one whether the line took less than 70 ns. On the machines seen, round trips lay at 50
/// to 68 ns or from 76 ns on, for minutes at a time, and rings differed by up to two between the two. The cause is not
/// known (threads of one core would be one, but there the two did not slow each other), so this is a bin and no name.
struct Distance: Hashable {
    let regime: Regime
    let isShort: Bool

    static let shortBelowNanoseconds = 70.0

    /// The label of the rows of such samples.
    static let shortLabel: (key: String, value: ParameterValue) = ("line", "under-70ns")

    static let all = [Distance(.near, isShort: true)] + Regime.allCases.map { Distance($0) }

    private init(_ regime: Regime, isShort: Bool = false) {
        self.regime = regime
        self.isShort = isShort
    }

    /// - Parameter canary: nanoseconds per round trip.
    init(canary: Double) {
        self.init(Regime(canary: canary), isShort: canary < Self.shortBelowNanoseconds)
    }
}
