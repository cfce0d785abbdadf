import ArgumentParser
import ConsoleSupport
import Foundation

/// Lets the process run out of one thing after the other, each in a process of its own: limits stay, and so do events.
struct Exhaustion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exhaustion",
        abstract: "Takes from a process what it needs: file descriptors, memory, lanes, pages, numbers of events.",
        discussion: """
            Every shortage has to end in an error that says what is missing, or in a count of what was not recorded; afterwards the \
            process records as before. Exit status 1: one did not.
            """)

    @Argument(help: "Only this one: \(Shortage.names).") var shortage: String?
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: .hidden) var here = false

    func validate() throws {
        if let shortage, !Shortage.all.contains(where: { $0.name == shortage }) {
            throw ValidationError("there is no shortage '\(shortage)'")
        }
    }

    func run() throws {
        let chosen = Shortage.all.filter { $0.name == shortage ?? $0.name }
        if here { return try Console.print(json: chosen[0].outcome()) }
        let outcomes = try chosen.map { shortage in
            if Console.errorIsTerminal { Console.write("\r\u{1B}[K\(shortage.name)") }
            return try inProcessOfItsOwn(shortage)
        }
        if Console.errorIsTerminal { Console.write("\r\u{1B}[K") }
        if json {
            try Console.print(json: outcomes)
        } else {
            for outcome in outcomes {
                print("\(outcome.name.padding(toLength: 14, withPad: " ", startingAt: 0)) \(outcome.figures)")
                for problem in outcome.problems { print("    WRONG: \(problem)") }
            }
        }
        if outcomes.contains(where: { !$0.problems.isEmpty }) { throw ExitCode(1) }
    }

    private func inProcessOfItsOwn(_ shortage: Shortage) throws -> Outcome {
        let process = Process()
        process.executableURL = Bundle.main.executableURL
        process.arguments = [shortage.name, "--here"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let how = process.terminationReason == .exit ? "status" : "signal"
            return Outcome(
                name: shortage.name, figures: "", problems: ["it ended with \(how) \(process.terminationStatus)"])
        }
        return try JSONDecoder().decode(Outcome.self, from: data)
    }
}

Exhaustion.main()
