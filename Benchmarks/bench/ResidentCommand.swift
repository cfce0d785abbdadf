import ArgumentParser
import FanoutSuite
import SnapshotSuite

/// What suites start in a process of its own. Prints one number.
struct ResidentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench resident", abstract: "Prints the bytes that recorders hold beyond their bound.",
        shouldDisplay: false)

    @Argument(help: "How long to record.") var seconds: Double

    @Option(help: "Instead: the bytes of one of so many subscribers.") var subscribers: Int?

    func run() throws {
        if let subscribers {
            print(try SubscriberMemory.byteCount(subscribers: subscribers))
        } else {
            print(try ResidentProcess.overBound(seconds: seconds))
        }
    }
}
