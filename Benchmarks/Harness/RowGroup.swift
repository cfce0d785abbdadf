/// Rows that compete: the same case with the same parameters in the same regime.
public struct RowGroup: Sendable {
    public let suite: String
    public let `case`: String
    public let parameters: [String: ParameterValue]
    public let regime: Regime?
    public let unit: ResultUnit
    /// Best first.
    public let rows: [Row]

    private struct Key: Hashable {
        var suite: String
        var `case`: String
        var parameters: [String: ParameterValue]
        var regime: Regime?
        var unit: ResultUnit
    }

    /// Groups in the order in which they first appear.
    public static func groups(_ rows: [Row]) -> [RowGroup] {
        var order: [Key] = []
        var members: [Key: [Row]] = [:]
        for row in rows {
            let key = Key(
                suite: row.suite, case: row.case, parameters: row.parameters, regime: row.regime, unit: row.unit)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(row)
        }
        return order.map { key in
            RowGroup(
                suite: key.suite, case: key.case, parameters: key.parameters, regime: key.regime, unit: key.unit,
                rows: members[key, default: []].sorted { $0.beats($1) })
        }
    }

    public var best: Row { rows[0] }

    /// The rows that the best one does not beat beyond the spread.
    public var tiedWithBest: [Row] { rows.dropFirst().filter { standing(of: $0) == .tie } }

    /// How `row` stands against the best.
    public func standing(of row: Row) -> Verdict {
        Verdict(of: row.spread, against: best.spread, better: best.better)
    }

    /// How many times worse than the best `row` is, 1 or more. Nil where one of the two is zero.
    public func ratio(of row: Row) -> Double? {
        let (mine, bests) = (row.spread.median, best.spread.median)
        guard mine > 0, bests > 0 else { return nil }
        return row.better == .lower ? mine / bests : bests / mine
    }
}

extension Row {
    fileprivate func beats(_ other: Row) -> Bool {
        if spread.median == other.spread.median { return strategy < other.strategy }
        return (spread.median < other.spread.median) == (better == .lower)
    }
}
