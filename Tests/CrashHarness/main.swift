import ArgumentParser
import ConsoleSupport
import Foundation
import TraceCore

struct CrashHarness: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash-harness",
        abstract: "Kills and stops processes that record into a file, and checks what recovery finds there.",
        discussion: """
            No record that was acknowledged and that its page still has to hold may be lost, none torn, duplicated or invented. A \
            control, which commits too early, runs beside it. Exit status 1: a fault was found, or the control was not caught.
            """)

    @Option(help: "Processes to kill or stop, in all directories together.") var kills = 500
    @Option(
        name: .customLong("dir"), help: "Where the files are; several times for several. Without: memory and disk.")
    var directories: [String] = []
    @Option(help: "Of what children do, and where they end.") var seed: UInt64 = 1
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard kills > 0 else { throw ValidationError("--kills is \(kills), allowed is 1 or more") }
    }

    private struct Row: Encodable {
        var kind: String
        var directory: String
        var seconds: Double
        var verdict: Verdict
    }

    private struct Result: Encodable {
        var isGood: Bool
        var seed: UInt64
        var rows: [Row]
        var control: Row
    }

    func run() throws {
        let places = (["/dev/shm", "/var/tmp"] as [String]).filter { access($0, W_OK) == 0 }
        let chosen = directories.isEmpty ? (places.isEmpty ? ["."] : places) : directories
        let board = Board()
        // Once: children go on with it.
        let clock = TraceClock()
        var rows: [Row] = []
        let share = max(kills / chosen.count, 8)
        for (number, directory) in chosen.enumerated() {
            let path = "\(directory)/crash-\(getpid()).ring"
            let seed = seed &+ UInt64(number) &* 1_000_003
            let systematic = Systematic(path: path, board: board, clock: clock, seed: seed)
            systematic.spread(share - share / 4)
            rows.append(row("every operation", directory, share - share / 4, systematic.kill))
            systematic.spread(share / 8)
            rows.append(row("stopped and let go on", directory, share / 8, systematic.stop))
            let threaded = Threaded(path: path, board: board, clock: clock, seed: seed)
            rows.append(row("threads", directory, share / 8, threaded.kill))
        }
        let wrong = Systematic(
            path: "\(chosen[0])/crash-\(getpid()).ring", board: board, clock: clock, seed: seed, isWrong: true)
        let controlKills = min(max(kills / 20, 200), 2000)
        wrong.spread(controlKills)
        let control = row("control", chosen[0], controlKills, wrong.kill)

        let correct = rows.map(\.verdict).reduce(Verdict(), +)
        let isGood = correct.faults == 0 && correct.records > 0 && control.verdict.torn > 0
        if json {
            try Console.print(json: Result(isGood: isGood, seed: seed, rows: rows, control: control))
        } else {
            for row in rows + [control] { print(text(row)) }
            for example in correct.examples { print("  \(example)") }
            print(
                control.verdict.torn > 0
                    ? "the control, which commits too early, was caught" : "the control was NOT caught")
        }
        if !isGood { throw ExitCode(1) }
    }

    private func row(_ kind: String, _ directory: String, _ count: Int, _ kill: (inout Verdict) -> Void) -> Row {
        let start = ContinuousClock.now
        var verdict = Verdict()
        for number in 0..<count {
            if Console.errorIsTerminal, number % 64 == 0 {
                Console.write("\r\u{1B}[K\(kind), \(directory): \(number) of \(count)")
            }
            kill(&verdict)
        }
        if Console.errorIsTerminal { Console.write("\r\u{1B}[K") }
        verdict.kills = count
        return Row(
            kind: kind, directory: directory, seconds: (ContinuousClock.now - start) / .seconds(1), verdict: verdict)
    }

    private func text(_ row: Row) -> String {
        let verdict = row.verdict
        return """
            \(row.kind), \(row.directory): \(verdict.kills) in \(Int(row.seconds * 1000)) ms, \(verdict.records) records \
            recovered of \(verdict.acknowledged) acknowledged: \(verdict.lost) lost, \(verdict.torn) torn, \
            \(verdict.duplicated) duplicated, \(verdict.invented) invented, \(verdict.broken) broken
            """
    }
}

CrashHarness.main()
