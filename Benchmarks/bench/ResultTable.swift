import ConsoleSupport
import Harness

/// All rows of a result as text: by suite, then by what competes, best first.
struct ResultTable {
    let report: Report
    let style: Style
    let width: Int

    var text: String {
        var suites: [(name: String, groups: [RowGroup])] = []
        for group in RowGroup.groups(report.rows) {
            if suites.last?.name == group.suite {
                suites[suites.count - 1].groups.append(group)
            } else {
                suites.append((group.suite, [group]))
            }
        }
        return suites.map { section($0.name, $0.groups) }.joined(separator: "\n")
    }

    private func section(_ suite: String, _ groups: [RowGroup]) -> String {
        let rule = String(repeating: "─", count: max(min(width, 110) - suite.count - 4, 0))
        var lines = ["", style.bold("── \(suite) \(rule)")]
        let contested = groups.filter { $0.rows.count > 1 }
        var widths = TextTable()
        widths.rows = contested.flatMap { rows(of: $0, withBars: true) }
        widths.fit()
        let withBars = widths.totalWidth + 2 <= width
        if !withBars {
            widths.widths = []
            widths.rows = contested.flatMap { rows(of: $0, withBars: false) }
            widths.fit()
        }
        lines += singles(groups.filter { $0.rows.count == 1 })
        for group in contested {
            lines += ["", header(of: group)]
            lines += TextTable(rows: rows(of: group, withBars: withBars), widths: widths.widths).lines(indent: 2, style)
            lines += floors(of: group).map { style.dim("     floor  " + $0) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func header(of group: RowGroup) -> String {
        let scale = Scale(group.unit, like: group.best.spread.median)
        var notes = [scale.unit + (group.best.better == .higher ? ", more is better" : ", less is better")]
        if let regime = group.regime {
            let canary = Spread(group.rows.compactMap(\.canaryNs))?.median
            notes.append("regime \(regime.explained)" + (canary.map { ": line \(Figure.number($0)) ns" } ?? ""))
        }
        let listed = group.parameters.listed.split(separator: ",").joined(separator: " ")
        let title = style.bold(group.case) + (listed.isEmpty ? "" : "  " + listed)
        return title + "  " + style.dim(notes.joined(separator: " · "))
    }

    private func rows(of group: RowGroup, withBars: Bool) -> [[TextTable.Cell]] {
        let scale = Scale(group.unit, like: group.best.spread.median)
        return group.rows.enumerated().map { index, row in
            let isTied = index > 0 && group.standing(of: row) == .tie
            var cells: [TextTable.Cell] = [
                .right(index == 0 || isTied ? "=" : "\(index + 1)", .dim),
                .left(row.strategy, name(row)),
                .left(row.origin.rawValue, row.origin == .library ? .library : .dim),
                .right(scale.number(row.spread.median), index == 0 ? .bold : .plain),
                .right(scale.interval(row.spread), .dim),
            ]
            if index == 0 { cells[0] = .right(group.tiedWithBest.isEmpty ? "1" : "=", .green) }
            if withBars { cells.append(.left(Self.bar(1 / (group.ratio(of: row) ?? .infinity)), bars(row))) }
            cells.append(.left(standing(row, index, isTied, group), isTied || index == 0 ? .green : .plain))
            cells.append(.right(allocations(row), allocates(row) ? .yellow : .dim))
            return cells
        }
    }

    private func standing(_ row: Row, _ index: Int, _ isTied: Bool, _ group: RowGroup) -> String {
        if index == 0 { return "best" }
        if isTied { return "tie with \(group.best.strategy)" }
        return group.ratio(of: row).map { Figure.ratio($0) + " behind" } ?? "behind"
    }

    private func name(_ row: Row) -> Ink {
        row.origin == .library ? .library : .plain
    }

    private func bars(_ row: Row) -> Ink {
        row.origin == .library ? .library : .blue
    }

    private func allocates(_ row: Row) -> Bool { (row.allocationsPerOperation ?? 0) > 0 }

    private func allocations(_ row: Row) -> String {
        row.allocationsPerOperation.map { Figure.number($0) + " alloc/op" } ?? ""
    }

    /// Twenty cells for the best, whichever way better is: longer is always better.
    static func bar(_ share: Double) -> String {
        let cells = 20
        let eighths = Int((min(max(share, 0), 1) * Double(cells * 8)).rounded())
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        let bar = String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
        return bar + String(repeating: " ", count: cells - bar.count)
    }

    /// Cases that only one strategy runs, a line each.
    private func singles(_ groups: [RowGroup]) -> [String] {
        var table = TextTable()
        table.rows = groups.map { group in
            let row = group.best
            let scale = Scale(row.unit, like: row.spread.median)
            let regime = row.regime.map { "\($0.rawValue)" } ?? ""
            return [
                .left(row.case, .bold), .left(row.strategy, name(row)),
                .left(row.origin.rawValue, row.origin == .library ? .library : .dim),
                .left(row.parameters.listed.split(separator: ",").joined(separator: " ")), .left(regime),
                .right(scale.number(row.spread.median), .bold), .left(scale.unit),
                .right(scale.interval(row.spread), .dim),
                .right(allocations(row), allocates(row) ? .yellow : .dim),
            ]
        }
        table.fit()
        return table.lines(indent: 2, style)
    }

    /// The floors that bound a group: of the same regime, where they have one.
    private func floors(of group: RowGroup) -> [String] {
        Registry.floors(of: group.case, in: group.suite).compactMap { floor in
            let rows = report.rows.filter { $0.origin == .floor && $0.case == floor.rawValue }
            let alike = rows.first {
                $0.regime == group.regime && $0.parameters.closeness == group.parameters.closeness
            }
            guard let row = alike ?? rows.first(where: { $0.regime == nil }) else { return nil }
            return "\(floor.rawValue) \(row.figure)"
        }
    }
}
