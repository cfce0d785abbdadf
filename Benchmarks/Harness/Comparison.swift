/// Two results, row by row: what changed from `old` to `new`.
public struct Comparison: Sendable {
    /// Why no figure of the one may be held against the other; nil where they may.
    public let obstacle: String?
    /// One for each row that both have, in any regime, in the order of `new`.
    public let lines: [Line]
    /// Names of rows that only one of them has.
    public let onlyOld: [String]
    public let onlyNew: [String]

    public struct Line: Sendable {
        public let name: String
        public let regime: Regime?
        public let old: Row?
        public let new: Row?
        /// Nil: not comparable.
        public let verdict: Verdict?
        /// Why the verdict is what it is.
        public let reason: String
    }

    public init(old: Report, new: Report) {
        var obstacles: [String] = []
        if !old.machine.isSame(as: new.machine) { obstacles.append("different machines") }
        if old.configuration != new.configuration { obstacles.append("different build configurations") }
        obstacle = obstacles.isEmpty ? nil : obstacles.joined(separator: ", ")

        let before = Dictionary(grouping: old.rows, by: \.name)
        let after = Dictionary(grouping: new.rows, by: \.name)
        var lines: [Line] = []
        var seen: Set<String> = []
        for row in new.rows where before[row.name] != nil && seen.insert(row.name).inserted {
            lines += Self.lines(row.name, before[row.name] ?? [], after[row.name] ?? [], obstacle: obstacle)
        }
        self.lines = lines
        onlyOld = old.rows.map(\.name).filter { after[$0] == nil }.uniqued()
        onlyNew = new.rows.map(\.name).filter { before[$0] == nil }.uniqued()
    }

    /// The lines of one name: a regime that both have gives a verdict, one that a single side has says so.
    private static func lines(_ name: String, _ old: [Row], _ new: [Row], obstacle: String?) -> [Line] {
        let regimes = ([nil] + Regime.allCases).filter { regime in (old + new).contains { $0.regime == regime } }
        return regimes.map { regime in
            let before = old.first { $0.regime == regime }
            let after = new.first { $0.regime == regime }
            let (verdict, reason) = judge(before, after, obstacle: obstacle)
            return Line(name: name, regime: regime, old: before, new: after, verdict: verdict, reason: reason)
        }
    }

    private static func judge(_ old: Row?, _ new: Row?, obstacle: String?) -> (Verdict?, String) {
        guard let old, let new else {
            return (nil, "not comparable: regime only in the \(old == nil ? "new" : "old") result")
        }
        guard old.unit == new.unit else {
            return (nil, "not comparable: \(old.unit.rawValue) and \(new.unit.rawValue)")
        }
        if let obstacle { return (nil, "not comparable: \(obstacle)") }
        let verdict = Verdict(of: new.spread, against: old.spread, better: new.better)
        if verdict == .tie {
            return (verdict, old.spread == new.spread ? "the same" : "p10-p90 overlap")
        }
        return (verdict, "p10-p90 apart")
    }
}

extension Row {
    /// `suite/case/strategy/name=value,...`, as of its contender.
    public var name: String {
        let listed = parameters.listed
        return "\(suite)/\(`case`)/\(strategy)" + (listed.isEmpty ? "" : "/\(listed)")
    }
}

extension [String] {
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
