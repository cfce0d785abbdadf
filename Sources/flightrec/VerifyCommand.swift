import ArgumentParser
import ConsoleSupport
import TraceCore
import TraceFormats

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Checks each byte of a file against the format.",
        discussion: """
            Header, chunks, each record of each batch, the order of times and indices in each lane, generations and totals. \
            Violations are printed with the offset of the byte at fault, and the status is then 1.

            Examples:
              flightrec verify trace.frec
              flightrec verify trace.frec --json | jq '.violations[].offset'
            """)

    @Argument(help: "A .frec file.", completion: .file(extensions: ["frec"])) var file: String
    @Option(help: ArgumentHelp("How many violations to print.", valueName: "n")) var limit = 100
    @Flag(help: "Print JSON.") var json = false

    private struct Report: Encodable {
        var file: String
        var byteCount: Int
        var events: UInt64 = 0
        var batches = 0
        var generations = 0
        var violationCount = 0
        var violations: [FileVerifier.Violation] = []

        init(file: String, byteCount: Int) { (self.file, self.byteCount) = (file, byteCount) }

        mutating func take(_ verifier: FileVerifier) {
            (events, batches, generations) = (verifier.records, verifier.batches, verifier.generations)
            (violationCount, violations) = (verifier.count, verifier.violations)
        }
    }

    func run() throws {
        let input = try TraceInput(file)
        let progress = ProgressLine("verifying", of: input)
        let report = try input.withBytes { bytes in
            var report = Report(file: file, byteCount: bytes.byteCount)
            do throws(NativeFileError) {
                var verifier = try FileVerifier(bytes, limit: limit) { _ in input.forgetPages() }
                verifier.run(in: bytes) { progress.show($0) }
                report.take(verifier)
            } catch {
                report.violationCount = 1
                report.violations = [.init(offset: error.offset, what: "\(error.reason)")]
            }
            return report
        }
        progress.clear()
        if json {
            try JSONPrinting.print(report)
        } else if report.violationCount == 0 {
            print(
                "\(file): good; \(Figure.bytes(UInt64(report.byteCount))), \(Figure.count(report.events, "event", "events")), "
                    + "\(Figure.count(report.batches, "batch", "batches")), \(Figure.count(report.generations, "generation", "generations"))"
            )
        } else {
            for violation in report.violations { print("\(file): byte \(violation.offset): \(violation.what)") }
            let more = report.violationCount - report.violations.count
            if more > 0 { print("\(file): and \(more) others: --limit shows more") }
        }
        if report.violationCount > 0 { throw ExitCode(Status.bad) }
    }
}
