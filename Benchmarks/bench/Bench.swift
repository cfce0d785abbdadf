import ArgumentParser
import Foundation
import Harness

/// The process: everything that decides how it ends.
@main
enum Main {
    static func main() {
        Reexecution.useReleaseBuild()
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            var command = try BenchCommand.parseAsRoot(arguments)
            try command.run()
        } catch let exit as ExitCode {
            Foundation.exit(exit.rawValue)
        } catch let error as any UserFacing {
            Console.error("error: \(error)")
            Foundation.exit(Status.unusable)
        } catch {
            let text = BenchCommand.fullMessage(for: error)
            if BenchCommand.exitCode(for: error) == .success {
                print(text)
                Foundation.exit(Status.verified)
            }
            Console.error(text.isEmpty ? "error: \(error)" : text)
            Foundation.exit(Status.unusable)
        }
    }
}

/// The exit statuses, a contract with scripts.
enum Status {
    static let verified: Int32 = 0
    /// At least one contender failed verification.
    static let failed: Int32 = 1
    /// Usage, or input that cannot be read. ArgumentParser's own 64 is mapped to it.
    static let unusable: Int32 = 2
}

/// An error whose description says all that the user needs.
private protocol UserFacing: Error, CustomStringConvertible {}
extension UsageError: UserFacing {}
extension UnreadableReport: UserFacing {}

/// Something that the user can put right.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Compares ways to move events between threads, side by side on this machine.",
        usage: """
            bench [SUITE ...] [--quick | --full] [--filter REGEX] [--seed N] [--json PATH] [--input FILE] [--no-color]
            bench list
            bench compare OLD.json NEW.json
            bench report FILE.json ... -o DIR [--readme FILE]
            """,
        discussion: """
            Every strategy is verified in the same pass that is timed: what loses, invents or reorders an item gets no \
            number. Samples are short and interleaved, so that a slow minute falls on all alike. Before and after \
            each sample of two threads a cache line is bounced between them: its round trip tells the regime (S near, \
            N usual, F far), and figures of different regimes are never mixed. A difference inside the spread \
            (p10 to p90) is a tie.

            Examples:
              swift run bench                             all suites that run by default, under 3 minutes
              swift run bench rings --quick               one suite, a first impression
              swift run bench --filter 'u64[.]single'     what matches in suite/case/strategy/parameters
              swift run bench rings --json before.json    keep the result where you like
              swift run bench compare before.json after.json

            Exit status: 0 all verified; 1 something failed verification, named with its seed; 2 usage or \
            unreadable input.
            """,
        version: "schema \(Report.schema)",
        subcommands: [ListCommand.self, CompareCommand.self, ReportCommand.self])

    @Argument(help: ArgumentHelp("Suites to run. None: all that run by default.", valueName: "suite"))
    var suites: [String] = []

    @Flag(exclusivity: .exclusive)
    var effort: EffortFlag?

    @Option(help: ArgumentHelp("Run only what matches in \"suite/case/strategy/name=value,...\".", valueName: "regex"))
    var filter: String?

    @Option(help: ArgumentHelp("Derives all data and all orders of running.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Write the result here. Default: results/local/ of the package.", valueName: "path"))
    var json: String?

    @Option(help: ArgumentHelp("Data for suites that read a file.", valueName: "file"))
    var input: String?

    @Flag(help: "No colours, as with NO_COLOR set or output that is no terminal.")
    var noColor = false

    @Flag(help: "Stay with the system's allocator; allocations are then not counted.")
    var noJemalloc = false

    func run() throws {
        try RunCommand(
            suites: suites, effort: effort?.effort ?? .standard, filter: filter, seed: seed, json: json, input: input,
            noColor: noColor, noJemalloc: noJemalloc
        ).run()
    }
}

enum EffortFlag: String, EnumerableFlag {
    case quick, full

    static func help(for value: EffortFlag) -> ArgumentHelp? {
        switch value {
        case .quick: "Under 90 seconds: fewer rounds."
        case .full: "About 15 minutes, for publication."
        }
    }

    var effort: Effort { self == .quick ? .quick : .full }
}
