import ArgumentParser
import ConsoleSupport
import FlightRecording
import Foundation

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Records a small program of several threads and tasks: a first file to look at.",
        discussion: """
            What it records is a made-up server: requests that come in, are parsed, wait for each other and for a cache, and \
            sometimes fail.

            Examples:
              flightrec demo -o demo.frec
              flightrec info demo.frec
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to.", valueName: "file"), completion: .file())
    var output = "demo.frec"

    func run() async throws {
        let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(30), maximumBytes: 16 << 20))
        do {
            try recorder.start()
        } catch { throw UsageError("\(error)") }
        let report = try await DemoServer().run {
            try recorder.snapshot(to: output, reason: "demo", synchronized: false)
        }
        recorder.stop()
        Console.note(
            "wrote \(output): \(Figure.count(report.events)) events of \(Figure.duration(UInt64(max(0, report.to - report.from)))). "
                + "Next: flightrec info \(output)", from: "flightrec")
    }
}
