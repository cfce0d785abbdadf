import ArgumentParser
import Foundation
import Harness

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench report",
        abstract: "Writes results as Markdown: results.md has all rows, summary.md is for a README.",
        discussion: """
            Several files become sections of their own: their figures are never merged. --readme replaces what stands \
            between the lines <!-- results:begin --> and <!-- results:end --> with the summary.
            """)

    @Argument(help: ArgumentHelp("Result files.", valueName: "file")) var files: [String]
    @Option(name: .shortAndLong, help: ArgumentHelp("Directory to write into, made if missing.", valueName: "dir"))
    var output: String
    @Option(help: ArgumentHelp("A file to update between its markers.", valueName: "file")) var readme: String?

    func run() throws {
        let sections = try files.map { (path: $0, report: try Report(path: $0)) }
        let readmeText = try readme.map { try Self.readable($0) }
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
        } catch { throw UsageError("cannot make \(output)") }
        let summary = MarkdownSummary(sections: sections).text
        try Self.write(MarkdownReport(sections: sections).text, to: output + "/results.md")
        try Self.write(summary, to: output + "/summary.md")
        if let readme, let readmeText {
            guard let updated = MarkdownSummary.replacing(in: readmeText, with: summary) else {
                throw UsageError("\(readme) lacks the lines \(MarkdownSummary.begin) and \(MarkdownSummary.end)")
            }
            try Self.write(updated, to: readme)
        }
    }

    private static func readable(_ path: String) throws -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw UsageError("cannot read \(path)")
        }
        return text
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch { throw UsageError("cannot write \(path)") }
        print(path)
    }
}
