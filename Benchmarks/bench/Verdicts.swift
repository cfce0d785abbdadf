import ConsoleSupport
import Harness

/// A line for each contest: who won it, and by how much.
struct Verdicts {
    let report: Report
    let style: Style

    /// Empty where nothing competes.
    var lines: [String] {
        let contested = RowGroup.groups(report.rows).filter { $0.rows.count > 1 && $0.suite != Floors.name }
        guard !contested.isEmpty else { return [] }
        var table = TextTable()
        table.rows = contested.map { group in
            [
                .left("\(group.suite) \(group.case)"),
                .left(group.parameters.listed.split(separator: ",").joined(separator: " "), .dim),
                .left(group.regime?.rawValue ?? "", .dim),
                .left(Self.text(group), group.best.origin == .library ? .library : .plain),
            ]
        }
        table.fit()
        return [style.bold("Verdict")] + table.lines(indent: 2, style)
    }

    /// Who leads, with whom, and how far ahead of the next.
    static func text(_ group: RowGroup) -> String {
        let tied = group.tiedWithBest.map(\.strategy)
        let next = group.rows.first { $0 != group.best && group.standing(of: $0) != .tie }
        var text = group.best.strategy
        if !tied.isEmpty { text = "tie: " + ([text] + tied).joined(separator: ", ") }
        guard let next, let ratio = group.ratio(of: next) else { return text }
        return text + ", \(Figure.ratio(ratio)) ahead of \(next.strategy)"
    }
}
