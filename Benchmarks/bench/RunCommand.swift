import ArgumentParser
import ConsoleSupport
import Foundation
import Harness

/// `bench [SUITE ...]`.
struct RunCommand {
    var suites: [String]
    var effort: Effort
    var filter: String?
    var seed: UInt64
    var json: String?
    var input: String?
    var noColor: Bool
    var noJemalloc: Bool

    func run() throws {
        let start = Date()
        // Everything that can be wrong with the arguments is found before the first sample.
        if let input, access(input, R_OK) != 0 {
            throw UsageError("\(input): \(String(cString: strerror(errno)))")
        }
        let options = SuiteOptions(effort: effort, seed: seed, input: input)
        let contenders = try selected(options)
        let destination = try ResultFile(json: json, start: start)
        if !noJemalloc { Reexecution.useJemalloc() }

        let style = Style(noColor: noColor)
        let machine = Machine.current()
        let commit = Repository.packageRoot(above: sourceOrWorkingDirectory).flatMap(Repository.commit(of:))
        print(Heading(machine: machine, commit: commit, contenders: contenders.count, effort: effort).text(style))

        let session = Session(seed: seed, budget: budget)
        let progress = ProgressLine()
        session.onProgress = progress.show
        let disturbance = Disturbance()
        let outcome = session.run(contenders)
        let shares = disturbance?.shares()
        progress.clear()

        let report = Report(
            startedAt: ISO8601DateFormatter().string(from: start), command: command, commit: commit,
            configuration: Build.configuration, swift: Build.swiftVersion, machine: machine, floor: outcome.floor,
            rows: outcome.rows)
        print(ResultTable(report: report, style: style, width: Console.width).text)
        print(CountsTable(report: report, style: style).text, terminator: "")
        var ending = Ending(
            outcome: outcome, report: report, style: style, seconds: Date().timeIntervalSince(start), seed: seed,
            input: input, disturbance: shares, lacks: try lacks(options, contenders))
        if let path = try destination.path(commit: commit) {
            try report.write(to: path)
            ending.resultPath = path
        }
        print(ending.text)
        if !outcome.failures.isEmpty { throw ExitCode(Status.failed) }
    }

    /// In a debug build, which only tests let run, three rounds prove as much as fifteen.
    private var budget: Budget {
        Build.configuration == "debug"
            ? Budget(seconds: 0, minimumRounds: 3, maximumRounds: 3) : Budget(effort)
    }

    /// The floor and what the suites and the filter leave. The floor is part of every run, whatever the filter.
    private func selected(_ options: SuiteOptions) throws -> [Contender] {
        var contenders: [Contender] = []
        do {
            for suite in try Registry.suites(named: suites) { contenders += try suite.contenders(options) }
        } catch let error as UnusableInput {
            throw UsageError("\(error)")
        }
        let floors = Floors.contenders(options)
        guard let filter else { return floors + contenders }
        guard let regex = try? Regex(filter) else { throw UsageError("'\(filter)' is no regular expression") }
        let matching = contenders.filter { $0.name.contains(regex) }
        let matchesFloor = floors.contains { $0.name.contains(regex) }
        guard !matching.isEmpty || matchesFloor else {
            let near = NearNames.nearest(to: filter, among: (contenders + floors).map(\.name))
            throw UsageError(
                "nothing matches '\(filter)'. Near:\n" + near.map { "  \($0)\n" }.joined()
                    + "`bench list` shows what there is.")
        }
        return floors + matching
    }

    /// What the suites that ran would run as well, were it there.
    private func lacks(_ options: SuiteOptions, _ contenders: [Contender]) throws -> [String] {
        let ran = Set(contenders.map(\.suite))
        return try Registry.suites(named: suites).filter { ran.contains($0.name) }.flatMap { $0.lacks(options) }
    }

    /// The commit of the sources that were built, wherever the program is run from.
    private var sourceOrWorkingDirectory: String {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        return FileManager.default.fileExists(atPath: source) ? source : FileManager.default.currentDirectoryPath
    }

    /// As typed, but for the directories of the input: results are published, and those say nothing.
    private var command: String {
        let plain = try? Regex("[A-Za-z0-9_./=:,+-]+")
        let name = input.map { URL(fileURLWithPath: $0).lastPathComponent } ?? ""
        let words = CommandLine.arguments.dropFirst().map { argument in
            let word = argument == input ? name : argument == "--input=\(input ?? "")" ? "--input=\(name)" : argument
            if let plain, word.wholeMatch(of: plain) != nil { return word }
            return "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
        }
        return (["bench"] + words).joined(separator: " ")
    }
}
