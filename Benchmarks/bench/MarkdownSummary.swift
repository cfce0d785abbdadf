import Foundation
import Harness

/// summary.md: what the package ships against the best of all others, a line for each contest.
struct MarkdownSummary {
    static let begin = "<!-- results:begin -->"
    static let end = "<!-- results:end -->"
    let sections: [(path: String, report: Report)]

    var text: String {
        sections.map { section in
            let contests = RowGroup.groups(section.report.rows).filter { group in
                group.rows.contains { $0.origin == .library } && group.rows.contains { $0.origin != .library }
            }
            var text = "\(section.report.machine.cpu), \(section.report.machine.cores) processors; "
            text += "commit \(section.report.commit ?? "unknown"), `\(section.report.command)`.\n\n"
            return text + Self.table(contests)
        }.joined(separator: "\n")
    }

    /// Where the two threads of a row were: a column of the table.
    private struct Place: Hashable {
        var regime: Regime?
        var closeness: ParameterValue?

        init(_ group: RowGroup) {
            regime = group.regime
            closeness = group.parameters.closeness
        }

        var title: String { (regime?.explained ?? "no regime") + (closeness.map { ", two lines \($0)" } ?? "") }

        /// Without a regime, then from near to far.
        var rank: (Int, Int) {
            (regime.map { Regime.allCases.firstIndex(of: $0)! + 1 } ?? 0, closeness == nil ? 1 : 0)
        }
    }

    /// A line for each case and its parameters, a column for each place that the run saw.
    private static func table(_ contests: [RowGroup]) -> String {
        let places = Set(contests.map(Place.init)).sorted { $0.rank < $1.rank }
        var names: [String] = []
        var cells: [String: [Place: String]] = [:]
        for group in contests {
            let parameters = group.parameters.withoutCloseness.listed.replacingOccurrences(of: ",", with: ", ")
            let ours = group.rows.first { $0.origin == .library }?.strategy ?? ""
            let name = "\(group.suite) `\(group.case)` | \(parameters) | \(ours)"
            if cells[name] == nil { names.append(name) }
            cells[name, default: [:]][Place(group)] = cell(group)
        }
        let header = ["case", "parameters", "this package"] + places.map(\.title)
        let rows = names.map { name in
            "| \(name) | " + places.map { cells[name]?[$0] ?? "" }.joined(separator: " | ") + " |\n"
        }
        return "| \(header.joined(separator: " | ")) |\n|\(String(repeating: "---|", count: header.count))\n"
            + rows.joined()
    }

    /// Ours against the best of the others, and the verdict.
    private static func cell(_ group: RowGroup) -> String {
        guard let ours = group.rows.first(where: { $0.origin == .library }),
            let other = group.rows.first(where: { $0.origin != .library })
        else { return "" }
        let scale = Scale(group.unit, like: group.best.spread.median)
        return "**\(scale.number(ours.spread.median))** \(scale.unit), \(other.strategy) "
            + "\(scale.number(other.spread.median)): \(standing(ours, other))"
    }

    private static func standing(_ ours: Row, _ other: Row) -> String {
        let verdict = Verdict(of: ours.spread, against: other.spread, better: ours.better)
        let (mine, its) = (ours.spread.median, other.spread.median)
        guard mine > 0, its > 0, verdict != .tie else { return verdict == .tie ? "tie" : verdict.rawValue }
        let ratio = Figure.ratio(max(mine / its, its / mine))
        return verdict == .faster ? "\(ratio) ahead" : "\(ratio) behind"
    }

    /// `text` with everything between the two marker lines replaced; nil without markers.
    static func replacing(in text: String, with summary: String) -> String? {
        guard let start = text.range(of: begin), let stop = text.range(of: end, range: start.upperBound..<text.endIndex)
        else { return nil }
        return text[..<start.upperBound] + "\n" + summary + text[stop.lowerBound...]
    }
}
