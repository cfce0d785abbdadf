import ConsoleSupport

/// `info` for people.
struct InfoText {
    private let report: InfoReport
    private let style: Style

    init(_ report: InfoReport, _ style: Style) {
        self.report = report
        self.style = style
    }

    var text: String {
        [head, threads, spans, others, open, cost].filter { !$0.isEmpty }
            .map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var head: [String] {
        var lines = [
            style.bold(report.file) + "  " + Figure.bytes(UInt64(report.byteCount)),
            "  covers   \(report.from) to \(report.to), \(Figure.duration(report.duration))",
        ]
        if let bound { lines.append("  begins   \(bound)") }
        if let reason = report.reason { lines.append("  reason   \(Figure.name(reason, 200))") }
        let process = report.process
        if process.id != 0 || !process.name.isEmpty {
            lines.append("  process  \(process.name.isEmpty ? "" : Figure.name(process.name, 120) + " ")\(process.id)")
        }
        let lost = report.lost == 0 ? "none lost" : style.red("\(Figure.count(report.lost)) lost")
        lines.append(
            "  events   \(Figure.count(report.eventCount)), \(lost); \(Figure.count(report.batches, "batch", "batches")), "
                + "\(Figure.count(report.generations, "generation", "generations"))")
        if let problem = report.problem {
            lines.append(style.red("  problem  byte \(problem.offset): \(problem.cause)"))
        }
        return lines
    }

    private var bound: String? {
        switch report.bound {
        case "start": "where the recorder started: nothing was cut off"
        case "minimumAge": "at the recorder's minimum age: older events were left out"
        case "maximumBytes": "where the recorder's maximum of bytes allowed no more"
        case "store": "with the oldest that the store still held: what is older was overwritten"
        default: nil
        }
    }

    private var threads: [String] {
        guard !report.threads.isEmpty else { return [] }
        var table = TextTable()
        table.rows = [
            [
                .left("thread", .dim), .right("id", .dim), .right("events", .dim), .right("in spans", .dim),
                .right("lost", .dim),
            ]
        ]
        table.rows += report.threads.map { thread in
            let share = report.duration > 0 ? Double(thread.busy) / Double(report.duration) * 100 : 0
            return [
                .left(Figure.name(thread.name, 40)), .right("\(thread.id)"), .right(Figure.count(thread.events)),
                .right("\(Int(share.rounded())) %"),
                .right(Figure.count(thread.lost), thread.lost > 0 ? .red : .plain),
            ]
        }
        table.fit()
        return table.lines(indent: 2, style)
    }

    private var spans: [String] {
        let spans = report.events.filter { $0.median != nil }.sorted { ($1.total ?? 0) < ($0.total ?? 0) }
        guard !spans.isEmpty else { return [] }
        var table = TextTable()
        table.rows = [
            [.left("span", .dim), .left("category", .dim)]
                + ["count", "total", "min", "median", "p99", "max", ""].map { .right($0, .dim) }
        ]
        table.rows += spans.map { span in
            [
                .left(Figure.name(span.name, 36) + (span.kind == .asyncSpan ? " ⇢" : "")),
                .left(Figure.name(span.category, 16), .dim), .right(Figure.count(span.count)),
                .right(Figure.duration(span.total ?? 0)), .right(Figure.duration(span.min ?? 0)),
                .right(Figure.duration(span.median ?? 0)), .right(Figure.duration(span.p99 ?? 0)),
                .right(Figure.duration(span.max ?? 0)),
                .left((span.incomplete ?? 0) > 0 ? "~ \(Figure.count(span.incomplete ?? 0))" : "", .yellow),
            ]
        }
        table.fit()
        let note = spans.contains { $0.kind == .asyncSpan } ? [style.dim("  ⇢ across threads")] : []
        return table.lines(indent: 2, style) + note
    }

    private var others: [String] {
        let others = report.events.filter { $0.median == nil }.sorted { $1.count < $0.count }
        guard !others.isEmpty else { return [] }
        var table = TextTable()
        table.rows = [[.left("event", .dim), .left("category", .dim), .left("kind", .dim), .right("count", .dim)]]
        table.rows += others.map {
            [
                .left(Figure.name($0.name, 36)), .left(Figure.name($0.category, 16), .dim),
                .left($0.kind.rawValue, .dim), .right(Figure.count($0.count)),
            ]
        }
        table.fit()
        return table.lines(indent: 2, style)
    }

    private var open: [String] {
        guard !report.openSpans.isEmpty else { return [] }
        var table = TextTable()
        table.rows = [
            [.left("open at the end", .dim), .left("thread", .dim), .right("for", .dim), .left("since", .dim)]
        ]
        table.rows += report.openSpans.map {
            [
                .left(Figure.name($0.name, 36)), .left(Figure.name($0.thread, 24)),
                .right(Figure.duration($0.age)), .left($0.start, .dim),
            ]
        }
        table.fit()
        return table.lines(indent: 2, style)
    }

    private var cost: [String] {
        guard let cost = report.cost, cost.storeBytes > 0 else { return [] }
        var lines = [
            "  recording so far: \(Figure.bytes(cost.storeBytes)) of memory, "
                + "\(Figure.count(cost.generations)) generations in \(Figure.duration(cost.generationNanoseconds)), "
                + "\(Figure.count(cost.snapshots)) earlier snapshots in \(Figure.duration(cost.snapshotNanoseconds))"
        ]
        if cost.uncountedEvents > 0 {
            lines.append(style.red("  \(Figure.count(cost.uncountedEvents)) events that no lane could count"))
        }
        if cost.unlistedSpans > 0 {
            lines.append(
                style.yellow("  \(Figure.count(cost.unlistedSpans)) open spans that found no place in the list"))
        }
        return lines
    }
}
