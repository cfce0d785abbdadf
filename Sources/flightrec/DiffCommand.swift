import ArgumentParser
import ConsoleSupport
import TraceCore
import TraceFormats

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Tells what became slower from one file to another.",
        discussion: """
            Spans with one name and category are compared: how many, median, 99th percentile and total. The largest change \
            of the total comes first. Two files rarely cover the same work: look at the counts before the totals.

            Examples:
              flightrec diff before.frec after.frec
              flightrec diff before.frec after.frec --json | jq '.spans[] | select(.medianRatio > 1.2)'
            """)

    @Argument(help: "The file to compare with.", completion: .file(extensions: ["frec"])) var before: String
    @Argument(help: "The file to judge.", completion: .file(extensions: ["frec"])) var after: String
    @Flag(help: "Print JSON: durations in ns.") var json = false
    @Flag(help: "No colours.") var noColor = false

    struct Side: Encodable {
        var count: UInt64 = 0
        var median: UInt64 = 0
        var p99: UInt64 = 0
        var total: UInt64 = 0

        init() {}
        init(_ entry: TraceSummary.Entry) {
            count = entry.durations.count
            median = entry.durations.median
            p99 = entry.durations.p99
            total = entry.durations.total
        }
    }

    struct Line: Encodable {
        var name: String
        var category: String
        var before: Side
        var after: Side
        /// After to before; absent where there is nothing to divide by.
        var medianRatio: Double?
        var p99Ratio: Double?
        var totalRatio: Double?

        init(_ key: TraceSummary.Key, _ before: Side, _ after: Side) {
            (name, category, self.before, self.after) = (key.name, key.category, before, after)
            func ratio(_ field: KeyPath<Side, UInt64>) -> Double? {
                before.count == 0 || after.count == 0 || before[keyPath: field] == 0
                    ? nil : Double(after[keyPath: field]) / Double(before[keyPath: field])
            }
            medianRatio = ratio(\.median)
            p99Ratio = ratio(\.p99)
            totalRatio = ratio(\.total)
        }

        var effect: Double { Double(after.total) - Double(before.total) }
    }

    struct Report: Encodable {
        var before: String
        var after: String
        /// Nanoseconds that each covers.
        var beforeDuration: Int64
        var afterDuration: Int64
        var spans: [Line]
    }

    func run() throws {
        let (old, oldDuration) = try Self.sides(before)
        let (new, newDuration) = try Self.sides(after)
        let lines = Set(old.keys).union(new.keys).sorted()
            .map { Line($0, old[$0] ?? Side(), new[$0] ?? Side()) }
            .sorted { ($1.effect.magnitude, $0.category, $0.name) < ($0.effect.magnitude, $1.category, $1.name) }
        let report = Report(
            before: before, after: after, beforeDuration: oldDuration, afterDuration: newDuration, spans: lines)
        if json { return try JSONPrinting.print(report) }
        show(report, Style(noColor: noColor))
    }

    private static func sides(_ path: String) throws -> ([TraceSummary.Key: Side], Int64) {
        let input = try TraceInput(path)
        return try input.withIndex { index, bytes in
            var summary = TraceSummary()
            let progress = ProgressLine("reading", of: input)
            try Timeline.run(index, in: bytes, into: &summary) { progress.show($0) }
            progress.clear()
            let duration = summary.context.map { $0.end &- $0.start } ?? 0
            let spans = summary.sorted.filter { $0.durations.count > 0 }
            return (Dictionary(uniqueKeysWithValues: spans.map { ($0.key, Side($0)) }), duration)
        }
    }

    private func show(_ report: Report, _ style: Style) {
        print("before  \(report.before)  \(Figure.duration(report.beforeDuration))")
        print("after   \(report.after)  \(Figure.duration(report.afterDuration))")
        guard !report.spans.isEmpty else { return print("no spans in either") }
        var table = TextTable()
        table.rows = [
            [.left("span", .dim), .left("category", .dim)]
                + ["count", "", "median", "", "", "p99", "", "", "total", "", ""].map { .right($0, .dim) }
        ]
        for line in report.spans {
            var row: [TextTable.Cell] = [
                .left(Figure.name(line.name, 32)), .left(Figure.name(line.category, 16), .dim),
                .right(Figure.count(line.before.count)), .left("→ " + Figure.count(line.after.count)),
            ]
            for (field, ratio) in [
                (\Side.median, line.medianRatio), (\Side.p99, line.p99Ratio), (\Side.total, line.totalRatio),
            ] {
                row.append(.right(line.before.count == 0 ? "-" : Figure.duration(line.before[keyPath: field])))
                row.append(.left("→ " + (line.after.count == 0 ? "-" : Figure.duration(line.after[keyPath: field]))))
                row.append(
                    .right(
                        ratio.map(Figure.ratio) ?? "", ratio.map { $0 > 1.1 ? .red : $0 < 0.9 ? .green : .dim } ?? .dim)
                )
            }
            table.rows.append(row)
        }
        table.fit()
        print()
        for line in table.lines(indent: 2, style) { print(line) }
    }
}
