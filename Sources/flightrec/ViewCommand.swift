import ArgumentParser
import ConsoleSupport
import TraceCore
import TraceFormats

struct ViewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "view", abstract: "Shows the slowest spans, durations and each thread's time, in the terminal.",
        discussion: """
            The picture of the threads: the fuller a cell, the more of its time lies in spans; a dot is events without a \
            span; "!" is a loss.

            Examples:
              flightrec view trace.frec
              flightrec view trace.frec --slowest 50 --event parse
              flightrec view trace.frec --json | jq '.slowest[0]'
            """)

    @Argument(help: "A .frec file.", completion: .file(extensions: ["frec"])) var file: String
    @Option(help: ArgumentHelp("How many of the slowest spans to list.", valueName: "n")) var slowest = 15
    @Option(help: ArgumentHelp("Histograms of events with this name only.", valueName: "name")) var event: [String] = []
    @Flag(help: "Print JSON: durations in ns, times in ISO 8601.") var json = false
    @Flag(help: "No colours, as with NO_COLOR set or output that is no terminal.") var noColor = false

    func validate() throws {
        guard 0...100_000 ~= slowest else { throw ValidationError("--slowest takes 0 to 100000") }
    }

    func run() throws {
        let input = try TraceInput(file)
        try input.withIndex { index, bytes in
            let names = index.threads.reduce(6) { max($0, Figure.name($1.name, 24).count) }
            let columns = min(max(Console.width - names - 6, 20), 400)
            var summary = TraceSummary(slowest: slowest, columns: columns)
            let progress = ProgressLine("reading", of: input)
            try Timeline.run(index, in: bytes, into: &summary) { progress.show($0) }
            progress.clear()
            guard let context = summary.context else { return }
            if json { return try JSONPrinting.print(ViewReport(summary, context, event)) }
            let view = ViewText(summary, context, event, Style(noColor: noColor), columns: columns)
            print(view.text)
        }
    }
}

/// What `view` tells, as it stands in its JSON.
struct ViewReport: Encodable {
    struct Slow: Encodable {
        var name: String
        var category: String
        var thread: String
        var start: String
        var duration: Int64
        var cutOff: Bool
        var unfinished: Bool
    }
    struct Histogram: Encodable {
        struct Bar: Encodable {
            /// Nanoseconds: from here up to twice as many.
            var from: UInt64
            var count: UInt64
        }
        var name: String
        var category: String
        var bars: [Bar]
    }
    struct Lane: Encodable {
        var thread: String
        var id: UInt32
        /// By column of equal time: the share in spans, 0 to 1.
        var busy: [Double]
    }
    struct Loss: Encodable {
        var thread: String
        var from: String
        var to: String
        var count: UInt64
    }

    var from: String
    var to: String
    var slowest: [Slow]
    var histograms: [Histogram]
    var threads: [Lane]
    var losses: [Loss]

    init(_ summary: TraceSummary, _ context: TimelineContext, _ events: [String]) {
        from = JSONPrinting.time(context.start)
        to = JSONPrinting.time(context.end)
        slowest = summary.slowest.sorted.map { span in
            let key = summary.entries[span.entry].key
            return Slow(
                name: key.name, category: key.category, thread: context.threads[span.thread].name,
                start: JSONPrinting.time(span.start), duration: span.duration, cutOff: span.isCutOff,
                unfinished: span.isUnfinished)
        }
        histograms = summary.sorted.filter {
            $0.durations.count > 0 && (events.isEmpty || events.contains($0.key.name))
        }
        .map { entry in
            Histogram(
                name: entry.key.name, category: entry.key.category,
                bars: entry.durations.octaves.map { .init(from: $0.from, count: $0.count) })
        }
        threads = zip(context.threads, summary.lanes.cells).map { thread, cells in
            Lane(thread: thread.name, id: thread.id, busy: cells.map { min(1, $0.busy) })
        }
        losses = summary.lanes.losses.map {
            Loss(
                thread: context.threads[$0.thread].name, from: JSONPrinting.time($0.from),
                to: JSONPrinting.time($0.to), count: $0.count)
        }
    }
}
