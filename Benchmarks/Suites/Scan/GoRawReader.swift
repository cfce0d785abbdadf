import Foundation
import Harness

/// Go's own raw reader of execution traces, a process of its own, as `scripts/peers --build` makes it.
///
/// It counts what ``GoTraceCounts/records`` counts: `internal/trace/raw` yields an event for every record of the wire,
/// structural ones (headers of batches, strings, stacks, ends of generations) included. It decodes all arguments into an
/// allocated event, and neither frames batches nor checks that generations are whole.
struct GoRawReader {
    private static let variable = "PEERS_DIR"
    private let path: String

    /// The reader, where it was built: in `PEERS_DIR`, or else in `.build/peers` of the package.
    static func built() -> GoRawReader? {
        directory.map { GoRawReader(path: $0 + "/go-raw-reader") }.flatMap { reader in
            FileManager.default.isExecutableFile(atPath: reader.path) ? reader : nil
        }
    }

    static let howToGet =
        "no go-raw-reader to compare with: `scripts/peers --build` makes it (pip; into .build/peers, or \(variable))"

    private static var directory: String? {
        if let named = ProcessInfo.processInfo.environment[variable], !named.isEmpty { return named }
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let root =
            Repository.packageRoot(above: source)
            ?? Repository.packageRoot(above: FileManager.default.currentDirectoryPath)
        return root.map { $0 + "/.build/peers" }
    }

    struct Reading: Decodable {
        var records: Int
        /// From the first byte to the last in memory: neither the start of the process nor the loading of the file.
        var seconds: Double
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads `file` once, in a new process. A second repetition in the same process is no faster: checked.
    func read(_ file: String) throws -> Reading {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-n", "1", "-reader", "raw", file]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        do { try process.run() } catch { throw Failure(description: "\(path) does not start: \(error)") }
        let line = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        let complaint = (try? errors.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let reading = try? JSONDecoder().decode(Reading.self, from: line) else {
            let said = String(decoding: complaint.prefix(400), as: UTF8.self)
            throw Failure(description: "Go's raw reader: " + said.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return reading
    }
}
