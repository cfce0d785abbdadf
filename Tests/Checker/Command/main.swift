import ArgumentParser
import CheckedPrograms
import Checker
import ConsoleSupport

struct ModelChecker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model-checker",
        abstract: "Runs the shipped protocols in every order that C11's memory model allows.")

    @Option(help: "Runs of a program at most; what is left is sampled.") var limit = 100_000
    @Option(help: "Sampled runs of each program that was not exhausted.") var samples = 0
    @Option(help: "Seed of the samples.") var seed: UInt64 = 1
    @Option(help: "Only programs with this in their name.") var filter: String?

    func run() throws {
        var failed = false
        for (_, programs) in Programs.all {
            for program in programs where filter.map({ program.name.contains($0) }) ?? true {
                let clock = ContinuousClock()
                var verdict = Verdict()
                let time = clock.measure { verdict = Checker.explore(program, limit: limit) }
                print(
                    program.name, verdict.executions, verdict.cutOff, verdict.isExhaustive, verdict.longest, time,
                    verdict.problems)
                if !verdict.problems.isEmpty {
                    failed = true
                    for line in verdict.log { print("  ", line) }
                }
            }
        }
        if failed { throw ExitCode(1) }
    }
}

ModelChecker.main()
