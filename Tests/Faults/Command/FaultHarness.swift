import ArgumentParser
import ConsoleSupport
import Foundation

@main
struct FaultHarness: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault-harness",
        abstract: "Fails every system call that this package makes, one at a time, and looks at what is left.",
        discussion: """
            Exit status 1: something was lost, half-written or left behind, or the control, which is wrong, was not noticed.
            """)

    @Option(name: .customLong("dir"), help: "Where files are written.")
    var directory = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    @Option(help: "The disk fills up at every Nth byte.") var stride = 1
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard stride > 0 else { throw ValidationError("--stride is \(stride), allowed is 1 or more") }
        #if !os(Linux)
            throw ValidationError("only on Linux can a program stand before the system's calls")
        #endif
    }

    func run() throws {
        if try !sweep() { throw ExitCode(1) }
    }

    private func sweep() throws -> Bool {
        let place = "\(directory)/faults-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: place) }
        func sweep(_ scenario: Scenario) -> Outcome {
            var sweep = Sweep(scenario, in: place, stride: stride)
            sweep.run()
            return sweep.outcome
        }
        let outcomes = Scenario.all.map(sweep)
        let control = sweep(.control)
        let isGood = outcomes.allSatisfy { $0.problems.isEmpty && $0.faults > 0 } && !control.problems.isEmpty
        guard !json else {
            try Console.print(json: outcomes + [control])
            return isGood
        }
        for outcome in outcomes + [control] {
            let name = outcome.scenario.padding(toLength: 26, withPad: " ", startingAt: 0)
            print("\(name) \(outcome.faults) faults, \(outcome.errors) told, \(outcome.problems.count) wrong")
            for problem in outcome.problems where outcome.scenario != control.scenario { print("    \(problem)") }
        }
        let faults = outcomes.reduce(0) { $0 + $1.faults }
        let verdict = isGood ? "nothing lost, half-written or left behind; the control was noticed" : "FAILED"
        print("\(faults) faults in \(outcomes.count) scenarios: \(verdict)")
        return isGood
    }
}
