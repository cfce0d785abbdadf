import ArgumentParser
import ConsoleSupport
import Harness

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench show", abstract: "Prints a result as its run did.")

    @Argument(help: "A result file.") var file: String
    @Flag(help: "No colours.") var noColor = false

    func run() throws {
        let report = try Report(path: file)
        let style = Style(noColor: noColor)
        print(MarkdownReport.facts(report), terminator: "")
        print(ResultTable(report: report, style: style, width: Console.width).text)
        print(CountsTable(report: report, style: style).text, terminator: "")
        print(Verdicts(report: report, style: style).lines.joined(separator: "\n"))
    }
}
