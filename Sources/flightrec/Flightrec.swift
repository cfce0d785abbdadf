import ArgumentParser
import ConsoleSupport
import Foundation
import TraceCore
import TraceFormats

/// The process: everything that decides how it ends.
@main
enum Main {
    static func main() async {
        do {
            var command = try FlightrecCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let exit as ExitCode {
            Foundation.exit(exit.rawValue)
        } catch let error as BadContent {
            Console.error("error: \(error)")
            Foundation.exit(Status.bad)
        } catch let error as any UserFacing {
            Console.error("error: \(error)")
            Foundation.exit(Status.unusable)
        } catch {
            let text = FlightrecCommand.fullMessage(for: error, columns: Console.width)
            if FlightrecCommand.exitCode(for: error) == .success {
                print(text)
                Foundation.exit(Status.fine)
            }
            Console.error(text.hasPrefix("Error:") ? "error:" + text.dropFirst("Error:".count) : text)
            Foundation.exit(Status.unusable)
        }
    }
}

/// The exit statuses, a contract with scripts.
enum Status {
    static let fine: Int32 = 0
    /// The content of a file is bad. What was good of it may have been shown or written.
    static let bad: Int32 = 1
    /// Usage, a file that cannot be read or written. ArgumentParser's own 64 is mapped to it.
    static let unusable: Int32 = 2
}

/// A file whose bytes are not what they should be: which, where, and why.
struct BadContent: Error, CustomStringConvertible {
    let description: String

    init(_ file: String, _ error: NativeFileError) { self.init(file, error.reason.description, at: error.offset) }
    init(_ file: String, _ error: TraceCore.DecodingError) { self.init(file, "\(error.reason)", at: error.offset) }
    init(_ file: String, _ error: ArenaError) { description = "\(file): \(error)" }
    init(_ file: String, _ cause: String, at offset: Int) { description = "\(file): byte \(offset): \(cause)" }
}

/// An error whose description says all that the user needs.
private protocol UserFacing: Error, CustomStringConvertible {}
extension UsageError: UserFacing {}
extension FileError: UserFacing {}
extension SQLiteError: UserFacing {}

/// Something that the user can put right.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

struct FlightrecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flightrec",
        abstract: "Looks into what the flight recorder has written: .frec files.",
        discussion: """
            Examples:
              flightrec demo -o demo.frec             record something to look at
              flightrec info demo.frec                what a file covers, and what happened how often
              flightrec view demo.frec                the slowest spans, and where the time went, in the terminal
              flightrec export demo.frec              for ui.perfetto.dev and other viewers
              flightrec cut day.frec --from 12:01:30 --to 12:01:32 -o moment.frec
              flightrec diff before.frec after.frec   what became slower
              flightrec recover ring -o crash.frec    the window of a process that was killed

            Every command takes what a recorder writes: snapshots, files of a stream, and files that were cut short, as far \
            as they go.

            Exit status: 0 fine; 1 the content of a file is bad (what is good of it was shown or written); 2 usage, or a \
            file that cannot be read or written.
            """,
        version: "file format \(NativeFileHeader.majorVersion).\(NativeFileHeader.currentMinorVersion)",
        subcommands: [
            DemoCommand.self, InfoCommand.self, ViewCommand.self, ExportCommand.self, CutCommand.self,
            MergeCommand.self, DiffCommand.self, VerifyCommand.self,
            RecoverCommand.self, AttachCommand.self,
        ])
}
