import ArgumentParser
import SnapshotSuite

/// What the snapshot suite starts in a process of its own. Prints one number.
struct ResidentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench resident", abstract: "Prints the bytes that recorders hold beyond their bound.",
        shouldDisplay: false)

    @Argument(help: "How long to record.") var seconds: Double

    func run() throws { print(try ResidentProcess.overBound(seconds: seconds)) }
}
