import ConsoleSupport
import Foundation
import Harness
import Suites

/// What the scans of a run counted: a table of kinds for each row that has counts.
struct CountsTable {
    let report: Report
    let style: Style

    /// Empty where nothing was counted. In a run of several suites, a trace that was made up is not worth the lines.
    var text: String {
        let suites = Set(report.rows.map(\.suite)).subtracting([Floors.name])
        return report.rows.map { row in
            guard let counts = row.counts, !counts.isEmpty else { return "" }
            guard suites.count == 1 || row.parameters["input"] != .string(ScanSuite.syntheticInput) else { return "" }
            return table(counts, of: row).map { $0 + "\n" }.joined() + "\n"
        }.joined()
    }

    private func table(_ counts: [String: Int], of row: Row) -> [String] {
        let all = counts.values.reduce(0, +)
        var table = TextTable()
        table.rows = [[.left("kind", .dim), .right("records", .dim), .right("share", .dim)]]
        table.rows += counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { kind, count in
            [.left(kind), .right(Self.grouped(count)), .right(Self.share(count, of: all), .dim)]
        }
        table.rows += Registry.totals(of: counts, in: row.suite).map { name, count in
            [.left("all " + name, .bold), .right(Self.grouped(count), .bold)]
        }
        table.fit()
        let listed = row.parameters.listed.split(separator: ",").joined(separator: " ")
        return [style.bold("Counts") + "  " + style.dim("\(row.suite) \(row.case) \(row.strategy)  \(listed)")]
            + table.lines(indent: 2, style)
    }

    /// All counts alike, so that they line up.
    private static func grouped(_ count: Int) -> String {
        var digits = Array(String(count))
        for index in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: index) }
        return String(digits)
    }

    private static func share(_ count: Int, of all: Int) -> String {
        let percent = 100 * Double(count) / Double(max(all, 1))
        return percent < 0.005 ? "< 0.01 %" : String(format: "%.2f %%", percent)
    }
}
