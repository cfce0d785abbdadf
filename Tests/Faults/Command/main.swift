import Foundation

// Fails every system call that this package makes, one at a time, and looks at what is left.
//
//     fault-harness [--dir DIR] [--json]
//
// Exit status 1 where something is lost, half-written or left behind, or where the control, which is wrong, is not noticed.

var directory = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
var isJSON = false
var arguments = CommandLine.arguments.dropFirst()
while let option = arguments.popFirst() {
    switch option {
    case "--json": isJSON = true
    case "--dir":
        guard let path = arguments.popFirst() else { fallthrough }
        directory = path
    default:
        FileHandle.standardError.write(Data("usage: fault-harness [--dir DIR] [--json]\n".utf8))
        exit(2)
    }
}
#if !os(Linux)
    FileHandle.standardError.write(Data("fault-harness: only on Linux can a program stand before the system's calls\n".utf8))
    exit(2)
#endif

let place = "\(directory)/faults-\(getpid())"
defer { try? FileManager.default.removeItem(atPath: place) }
// A pipe that nobody reads is an error like any other.
signal(SIGPIPE, SIG_IGN)

func sweep(_ scenario: Scenario) -> Outcome {
    var sweep = Sweep(scenario, in: place)
    sweep.run()
    return sweep.outcome
}

let outcomes = Scenario.all.map(sweep)
let control = sweep(.control)
let isGood = outcomes.allSatisfy { $0.problems.isEmpty && $0.faults > 0 } && !control.problems.isEmpty
if isJSON {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(outcomes + [control]), as: UTF8.self))
} else {
    for outcome in outcomes + [control] {
        let name = outcome.scenario.padding(toLength: 26, withPad: " ", startingAt: 0)
        print("\(name) \(outcome.faults) faults, \(outcome.errors) told, \(outcome.problems.count) wrong")
        for problem in outcome.problems where outcome.scenario != control.scenario { print("    \(problem)") }
    }
    let faults = outcomes.reduce(0) { $0 + $1.faults }
    print(
        "\(faults) faults in \(outcomes.count) scenarios: "
            + (isGood ? "nothing lost, half-written or left behind; the control was noticed" : "FAILED"))
}
exit(isGood ? 0 : 1)
