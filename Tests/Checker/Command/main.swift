import ArgumentParser
import CheckedPrograms
import Checker
import ConsoleSupport
import Foundation

struct ModelChecker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model-checker",
        abstract: "Runs the shipped protocols in every order that C11's memory model allows.",
        discussion: """
            Each program is explored until all of its runs that differ were made, or a limit is reached; of those that were not
            exhausted, so many more runs are drawn at random. Exit status 1: something went wrong in a run, whose steps are
            printed; or a program had no run.
            """)

    @Option(help: "Runs of a program at most.") var limit = 100_000
    @Option(help: "Random runs of each program that was not exhausted.") var samples = 0
    @Option(help: "Seed of the random runs.") var seed: UInt64 = 1
    @Option(help: "Only programs with this in their name.") var filter: String?
    @Flag(help: "Stop at the first problem, and print it in a line.") var first = false
    @Flag(help: "Print JSON.") var json = false

    private struct Row: Encodable {
        var part: String
        var program: String
        var executions: Int
        var sampled: Int
        var isExhaustive: Bool
        var longest: Int
        var seconds: Double
        var problems: [String]
    }

    func run() throws {
        var rows: [Row] = []
        for (part, programs) in Programs.all {
            for program in programs where filter.map({ program.name.contains($0) }) ?? true {
                let row = try check(program, of: part)
                rows.append(row)
                guard first else { continue }
                if let problem = row.problems.first {
                    print("\(program.name): \(problem)")
                    throw ExitCode(1)
                }
            }
        }
        guard !first else { return }
        if json {
            try Console.print(json: rows)
        } else {
            show(rows)
        }
        if rows.isEmpty || rows.contains(where: { !$0.problems.isEmpty || $0.executions == 0 }) { throw ExitCode(1) }
    }

    private func check(_ program: Program, of part: String) throws -> Row {
        let clock = ContinuousClock()
        let start = clock.now
        let isWatched = Console.errorIsTerminal && !first
        func show(_ text: String) { if isWatched { Console.write("\r\u{1B}[K\(text)") } }
        var verdict = Checker.explore(program, limit: limit) { show("\(program.name): \($0) runs") }
        var sampled = 0
        if samples > 0, !verdict.isExhaustive, verdict.problems.isEmpty {
            let drawn = Checker.sample(program, seed: seed, count: samples) {
                show("\(program.name): \($0) random runs")
            }
            sampled = drawn.executions
            verdict.problems = drawn.problems
            verdict.log = drawn.log
        }
        show("")
        if !first, !verdict.problems.isEmpty {
            for step in verdict.log { print("  \(step)") }
            for problem in verdict.problems { print("\(program.name): \(problem)") }
        }
        let seconds = (clock.now - start) / .seconds(1)
        return Row(
            part: part, program: program.name, executions: verdict.executions, sampled: sampled,
            isExhaustive: verdict.isExhaustive, longest: verdict.longest, seconds: seconds,
            problems: verdict.problems)
    }

    private func grouped(_ number: Int) -> String { number.formatted(.number.locale(Locale(identifier: "en_US"))) }

    private func show(_ rows: [Row]) {
        for row in rows {
            let count = "\(grouped(row.executions)) runs\(row.isExhaustive ? ", all there are" : "")"
            let drawn = row.sampled > 0 ? ", \(grouped(row.sampled)) random ones" : ""
            print("\(row.program): \(count)\(drawn)\(row.problems.isEmpty ? "" : ": WRONG")")
        }
        let total = rows.reduce(0) { $0 + $1.executions + $1.sampled }
        let exhausted = rows.count { $0.isExhaustive }
        print("\(grouped(total)) runs of \(rows.count) programs, \(exhausted) of them exhausted")
    }
}

ModelChecker.main()
