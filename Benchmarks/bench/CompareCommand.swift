import ArgumentParser
import ConsoleSupport
import Harness

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench compare", abstract: "Says for each row of two results whether it became faster or slower.",
        discussion: """
            Where the p10-p90 intervals of the two overlap, the row is a tie. Rows of different regimes, and results \
            of different machines, are not comparable and are marked so. The exit status is 0 in any case.
            """)

    @Argument(help: "The result to compare with.") var old: String
    @Argument(help: "The result to judge.") var new: String
    @Flag(help: "No colours.") var noColor = false

    func run() throws {
        let before = try Report(path: old)
        let after = try Report(path: new)
        let comparison = Comparison(old: before, new: after)
        let style = Style(noColor: noColor)
        print("old  \(old)  \(before.commit ?? "no commit")  \(before.startedAt)")
        print("new  \(new)  \(after.commit ?? "no commit")  \(after.startedAt)")
        if let obstacle = comparison.obstacle { print(style.yellow("not comparable: \(obstacle)")) }
        var table = TextTable()
        table.rows = comparison.lines.map { row($0, style) }
        table.fit()
        for line in table.lines(indent: 2, style) { print(line) }
        print(summary(comparison))
        for name in comparison.onlyOld { print(style.dim("only in old: \(name)")) }
        for name in comparison.onlyNew { print(style.dim("only in new: \(name)")) }
    }

    private func row(_ line: Comparison.Line, _ style: Style) -> [TextTable.Cell] {
        let (verdict, colour): (String, Ink) =
            switch line.verdict {
            case .faster: ("faster", .green)
            case .slower: ("slower", .red)
            case .tie: ("tie", .dim)
            case nil: ("-", .dim)
            }
        let scale = (line.new ?? line.old).map { Scale($0.unit, like: $0.spread.median) }
        func figure(_ row: Row?) -> String { row.flatMap { row in scale?.number(row.spread.median) } ?? "-" }
        return [
            .left(line.name), .left(line.regime?.rawValue ?? ""), .right(figure(line.old)), .left("→"),
            .right(figure(line.new)), .left(scale?.unit ?? "", .dim), .right(ratio(line)),
            .left(verdict, colour), .left(line.reason, .dim),
        ]
    }

    /// Of new to old, as the figures stand: below 1 is less.
    private func ratio(_ line: Comparison.Line) -> String {
        guard let old = line.old?.spread.median, let new = line.new?.spread.median, old > 0 else { return "" }
        return Figure.ratio(new / old)
    }

    private func summary(_ comparison: Comparison) -> String {
        func count(_ verdict: Verdict?) -> Int { comparison.lines.count { $0.verdict == verdict } }
        return "\(count(.faster)) faster, \(count(.slower)) slower, \(count(.tie)) ties, \(count(nil)) not comparable"
    }
}
