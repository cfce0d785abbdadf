import ConsoleSupport
import Foundation

/// Fails every system call that this package makes, one at a time, and looks at what is left. Status 1 where something is lost,
/// half-written or left behind, or where the control, which is wrong, is not noticed.
@main
struct FaultHarness {
    private static let usage = """
        usage: fault-harness [--dir DIR] [--stride N] [--json]
            --dir DIR     where files are written (/dev/shm, or the directory for temporary files)
            --stride N    the disk fills up at every Nth byte (1)

        """

    private var directory = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    private var stride = 1
    private var isJSON = false

    /// Nil for options that are none.
    private init?(_ arguments: ArraySlice<String>) {
        var rest = arguments
        while let option = rest.popFirst() {
            switch option {
            case "--json": isJSON = true
            case "--dir":
                guard let path = rest.popFirst() else { return nil }
                directory = path
            case "--stride":
                guard let number = rest.popFirst().flatMap({ Int($0) }), number > 0 else { return nil }
                stride = number
            default: return nil
            }
        }
    }

    static func main() throws {
        #if !os(Linux)
            fail("fault-harness: only on Linux can a program stand before the system's calls\n")
        #endif
        guard let harness = FaultHarness(CommandLine.arguments.dropFirst()) else { fail(usage) }
        exit(try harness.run() ? 0 : 1)
    }

    private static func fail(_ text: String) -> Never {
        Console.write(text)
        exit(2)
    }

    private func run() throws -> Bool {
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
        guard !isJSON else {
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
