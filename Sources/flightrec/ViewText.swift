import ConsoleSupport
import TraceFormats

/// `view` for people.
struct ViewText {
    private let summary: TraceSummary
    private let context: TimelineContext
    private let events: [String]
    private let style: Style
    private let columns: Int

    init(_ summary: TraceSummary, _ context: TimelineContext, _ events: [String], _ style: Style, columns: Int) {
        self.summary = summary
        self.context = context
        self.events = events
        self.style = style
        self.columns = columns
    }

    var text: String {
        [threads, slowest, histograms, losses].filter { !$0.isEmpty }
            .map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private static let shades: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    private var threads: [String] {
        let names = context.threads.map { Figure.name($0.name.isEmpty ? "\($0.id)" : $0.name, 24) }
        let width = max(names.map(\.count).max() ?? 0, 6)
        let duration = Figure.duration(max(0, context.end &- context.start))
        let scale = "0" + String(repeating: " ", count: max(columns - 1 - duration.count, 1)) + duration
        var lines = [
            style.dim(
                "  from \(JSONPrinting.time(context.start)), a column is "
                    + Figure.duration(max(0, context.end &- context.start) / Int64(columns))),
            String(repeating: " ", count: width + 4) + style.dim(scale),
        ]
        for (name, cells) in zip(names, summary.lanes.cells) {
            let padded = name + String(repeating: " ", count: width - name.count)
            lines.append("  \(padded)  " + picture(cells))
        }
        return lines
    }

    private func picture(_ cells: [ThreadLanes.Cell]) -> String {
        var text = ""
        for cell in cells {
            if cell.isLossy {
                text += style.red("!")
            } else if cell.busy > 0 {
                text.append(Self.shades[min(max(Int((cell.busy * 8).rounded()), 1), 8)])
            } else {
                text += cell.events > 0 ? style.dim("·") : " "
            }
        }
        return text
    }

    private var slowest: [String] {
        let spans = summary.slowest.sorted
        guard !spans.isEmpty else { return [] }
        var table = TextTable()
        table.rows = [
            [
                .left("slowest spans", .dim), .right("took", .dim), .right("at", .dim), .left("thread", .dim),
                .left("", .dim),
            ]
        ]
        table.rows += spans.map { span in
            let key = summary.entries[span.entry].key
            let note = span.isUnfinished ? "did not end" : span.isCutOff ? "began before" : ""
            return [
                .left(Figure.name(key.name, 36)), .right(Figure.duration(span.duration), .bold),
                .right("+" + Figure.duration(span.start &- context.start), .dim),
                .left(Figure.name(context.threads[span.thread].name, 24)), .left(note, .yellow),
            ]
        }
        table.fit()
        return table.lines(indent: 2, style)
    }

    private var histograms: [String] {
        let entries = summary.sorted
            .filter { $0.durations.count > 0 && (events.isEmpty || events.contains($0.key.name)) }
            .sorted { $1.durations.total < $0.durations.total }
        var lines: [String] = []
        for entry in entries.prefix(events.isEmpty ? 8 : .max) {
            if !lines.isEmpty { lines.append("") }
            lines.append(
                "  " + style.bold(Figure.name(entry.key.name, 60))
                    + style.dim(
                        "  \(Figure.count(entry.count, "span", "spans")), \(Figure.duration(entry.durations.total)) in all"
                    ))
            let bars = entry.durations.octaves
            let most = bars.map(\.count).max() ?? 1
            var table = TextTable()
            table.rows = bars.map { bar in
                // In eighths of a cell: whatever is not 0 is seen.
                let eighths = bar.count == 0 ? 0 : max(1, Int(Double(bar.count) / Double(most) * 320))
                let full = String(repeating: "█", count: eighths / 8)
                let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
                return [
                    .right(Figure.duration(bar.from), .dim), .left("–", .dim),
                    .right(Figure.duration(max(bar.from, 1) * 2), .dim), .right(Figure.count(bar.count)),
                    .left(full + rest, .blue),
                ]
            }
            table.fit()
            lines += table.lines(indent: 4, style)
        }
        if events.isEmpty, entries.count > 8 {
            lines.append(
                style.dim(
                    "  and \(Figure.count(entries.count - 8, "other name", "other names")): --event NAME shows one"))
        }
        return lines
    }

    private var losses: [String] {
        let losses = summary.lanes.losses
        guard !losses.isEmpty else { return [] }
        var table = TextTable()
        table.rows = [[.left("lost", .red), .right("events", .dim), .right("from", .dim), .right("to", .dim)]]
        table.rows += losses.prefix(20).map {
            [
                .left(Figure.name(context.threads[$0.thread].name, 24)), .right(Figure.count($0.count), .red),
                .right("+" + Figure.duration(max(0, $0.from &- context.start))),
                .right("+" + Figure.duration(max(0, $0.to &- context.start))),
            ]
        }
        table.fit()
        let more = losses.count > 20 ? [style.dim("  and \(losses.count - 20) other losses")] : []
        return table.lines(indent: 2, style) + more
    }
}
