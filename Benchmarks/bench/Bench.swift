import ArgumentParser
import ConsoleSupport
import Foundation
import Harness

/// The process: everything that decides how it ends.
@main
enum Main {
    static func main() {
        Reexecution.useReleaseBuild()
        let (root, arguments) = dispatch(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try root.parseAsRoot(arguments)
            try command.run()
        } catch let exit as ExitCode {
            Foundation.exit(exit.rawValue)
        } catch let error as any UserFacing {
            Console.error("error: \(error)")
            Foundation.exit(Status.unusable)
        } catch {
            let text = root.fullMessage(for: error, columns: Console.width)
            if root.exitCode(for: error) == .success {
                print(text)
                Foundation.exit(Status.verified)
            }
            Console.error(text.hasPrefix("Error:") ? "error:" + text.dropFirst("Error:".count) : text)
            Foundation.exit(Status.unusable)
        }
    }

    /// Who parses the arguments. ArgumentParser takes every first word of a command that has arguments of its own for
    /// an argument, so subcommands are told from suites here.
    private static func dispatch(_ arguments: [String]) -> (any ParsableCommand.Type, [String]) {
        let subcommands = BenchCommand.others + [ResidentCommand.self, LargeTraceCommand.self]
        var rest = arguments
        if rest.first == "help" { rest = Array(rest.dropFirst()) + ["--help"] }
        let named = subcommands.first { $0.configuration.commandName == "bench \(rest.first ?? "")" }
        guard let named else { return (BenchCommand.self, rest) }
        return (named, Array(rest.dropFirst()))
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
            bench show FILE.json
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
              bench                           all suites that run by default
              bench rings --quick             one suite, a first impression
              bench --filter 'u64[.]single'   what matches in suite/case/strategy
              bench rings --json before.json  keep the result where you like
              bench compare before.json after.json

            Other commands, each with its own --help:
            \(others.map { "  \($0.configuration.commandName ?? ""): \($0.configuration.abstract)" }
                .joined(separator: "\n"))

            Exit status: 0 all verified; 1 something failed verification, named with its seed; 2 usage or \
            unreadable input.
            """,
        version: "schema \(Report.schema)")

    static let others: [any ParsableCommand.Type] = [
        ListCommand.self, ShowCommand.self, CompareCommand.self, ReportCommand.self,
    ]

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
