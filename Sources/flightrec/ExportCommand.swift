import ArgumentParser
import ConsoleSupport
import Foundation
import TraceCore
import TraceFormats

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a file in a format of other tools.",
        discussion: """
            Formats:
            \(ExportFormat.all.map { "  \($0.name.padding(toLength: 10, withPad: " ", startingAt: 0))\($0.help)" }
                .joined(separator: "\n"))

            The output has its name once it is whole. Memory does not grow with the file.

            Examples:
              flightrec export trace.frec                       then open trace.pftrace in ui.perfetto.dev
              flightrec export trace.frec --format sqlite -o trace.db
              sqlite3 trace.db 'SELECT name, ms, thread FROM slowest_spans LIMIT 10'
              flightrec export trace.frec --format ndjson -o - | jq -c 'select(.duration > 1e6)'
            """)

    enum Times: String, ExpressibleByArgument, CaseIterable { case iso, ns }

    @Argument(help: "A .frec file.", completion: .file(extensions: ["frec"])) var file: String
    @Option(
        help: ArgumentHelp("The format.", valueName: ExportFormat.all.map(\.name).joined(separator: "|")),
        completion: .list(ExportFormat.all.map(\.name)))
    var format = ExportFormat.all[0].name
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Where to; \"-\" for standard output. Default: the name of FILE with the format's extension, here.",
            valueName: "out"), completion: .file())
    var output: String?
    @Option(help: "Times of ndjson: ISO 8601, or ns since 1970.") var times: Times = .iso

    func validate() throws {
        guard let format = ExportFormat.named(format) else {
            let known = ExportFormat.all.map(\.name).joined(separator: ", ")
            throw ValidationError("unknown format '\(format)': known are \(known)")
        }
        if output == "-" {
            guard case .stream = format.writing else {
                throw ValidationError("\(format.name) is no stream: give a path with -o")
            }
        }
    }

    func run() throws {
        guard let format = ExportFormat.named(format) else { return }
        let input = try TraceInput(file)
        let path = output ?? "\(TraceInput.stem(file)).\(format.fileExtension)"
        let progress = ProgressLine("exporting", of: input)
        defer { progress.clear() }
        try input.withIndex { index, bytes in
            let job = ExportFormat.Job(index: index, progress: progress)
            switch format.writing {
            case .stream(let write):
                let output = try ExportOutput(path: path == "-" ? nil : path)
                try write(job, bytes, output, .init(nanoseconds: times == .ns)).commit()
            case .file(let write):
                try Self.replace(path) { try write(job, bytes, $0) }
            case .directory(let write): try write(job, bytes, path)
            }
        }
        progress.clear()
        if path != "-" { Console.note("wrote \(path)", from: "flightrec") }
    }

    /// Gives what `make` has made under a temporary name its own.
    private static func replace(_ path: String, _ make: (String) throws -> Void) throws {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        let temporary = "\(directory).frec-\(getpid())-\(UInt64.random(in: 0 ... .max)).partial"
        do {
            try make(temporary)
            guard rename(temporary, path) == 0 else {
                throw FileError(.failed(call: "rename", code: errno), file: path)
            }
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
    }
}
