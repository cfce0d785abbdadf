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

/// The regime, and within the near one whether the two processors are two hardware threads of one core. Those share all
/// of its caches and take each other's time, so a ring behaves otherwise than between two cores.
struct Distance: Hashable {
    let regime: Regime
    let isWithinCore: Bool

    /// Round trips seen lie at 50 to 68 ns within a core and from 70 ns on between two.
    static let coresFromNanoseconds = 70.0

    static let all = [Distance(.near, isWithinCore: true)] + Regime.allCases.map { Distance($0) }

    private init(_ regime: Regime, isWithinCore: Bool = false) {
        self.regime = regime
        self.isWithinCore = isWithinCore
    }

    /// - Parameter canary: nanoseconds per round trip.
    init(canary: Double) {
        self.init(Regime(canary: canary), isWithinCore: canary < Self.coresFromNanoseconds)
    }
}
