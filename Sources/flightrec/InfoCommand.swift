import ArgumentParser
import ConsoleSupport
import TraceCore
import TraceFormats

struct InfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Tells what a file covers, and what happened how often.",
        discussion: """
            Durations of spans are min, median, p99 and max; median and p99 are off by less than 1 percent. "~ n": so many \
            of the spans began before the window, or had not ended: their durations are what is known of them.

            Examples:
              flightrec info trace.frec
              flightrec info trace.frec --json | jq '.events[] | select(.kind == "span") | {name, p99}'
            """)

    @Argument(help: "A .frec file.", completion: .file(extensions: ["frec"])) var file: String
    @Flag(help: "Print JSON: durations in ns, times in ISO 8601.") var json = false
    @Flag(help: "No colours, as with NO_COLOR set or output that is no terminal.") var noColor = false

    func run() throws {
        let input = try TraceInput(file)
        try input.withIndex { index, bytes in
            var summary = TraceSummary()
            let progress = ProgressLine("reading", of: input)
            try Timeline.run(index, in: bytes, into: &summary) { progress.show($0) }
            progress.clear()
            guard let context = summary.context else { return }
            let report = InfoReport(file, byteCount: bytes.byteCount, summary, context)
            if json { return try JSONPrinting.print(report) }
            print(InfoText(report, Style(noColor: noColor)).text)
        }
    }
}
