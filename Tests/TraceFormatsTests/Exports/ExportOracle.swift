import Foundation
import Testing
import TraceFormats
import TraceTestSupport

/// Somebody else's reader of a format, run as a process: it is given the paths of files, and prints what it reads.
struct ExportOracle: Sendable {
    /// An executable and its arguments.
    let command: [String]
    let environment: [String: String]
    let isThere: Bool

    static let fxt: ExportOracle = {
        let packages = tools.appending(path: "python")
        let python = inPath("python3") ?? "/usr/bin/python3"
        return ExportOracle(
            command: [python, driver("fxt-dump.py")], environment: ["PYTHONPATH": packages.path],
            isThere: exists(packages.appending(path: "fxt").path))
    }()

    static let go: ExportOracle = {
        let dump = tools.appending(path: "go-trace-dump").path
        return ExportOracle(command: [dump], environment: [:], isThere: exists(dump))
    }()

    static let babeltrace: ExportOracle = {
        let python = "/usr/bin/python3"
        let isThere = exists(python) && (try? output([python, "-c", "import bt2"], [:], "")) != nil
        return ExportOracle(command: [python, driver("ctf-dump.py")], environment: [:], isThere: isThere)
    }()

    /// Whether tests of it run: they also do, and fail, where oracles are required.
    var isEnabled: Bool { isThere || ProcessInfo.processInfo.environment["FLIGHT_RECORDER_REQUIRE_ORACLES"] == "1" }

    /// What it prints of each file: lines, of which the last tells how it ended.
    func read(_ paths: [String]) throws -> [[Substring]] {
        let text = try Self.output(command, environment, paths.map { $0 + "\n" }.joined())
        var files: [[Substring]] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("file ") { files.append([]) } else { files[files.count - 1].append(line) }
        }
        return files
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let tools =
        ProcessInfo.processInfo.environment["ORACLES_DIR"].map { URL(filePath: $0) }
        ?? root.appending(path: ".build/oracles")

    private static func driver(_ name: String) -> String { root.appending(path: "Tests/Oracles/\(name)").path }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    private static func inPath(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first(where: exists)
    }

    struct Failure: Error {
        var message: String
    }

    /// Runs a command with `input`. Throws if it fails, or complains.
    private static func output(_ command: [String], _ environment: [String: String], _ input: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files, not pipes: nobody has to empty one while another is full.
        let directory = try TemporaryDirectory()
        let files = try ["in", "out", "err"].map { name in
            let url = directory.url.appending(path: name)
            try Data((name == "in" ? input : "").utf8).write(to: url)
            return url
        }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        let complaint = try directory.text(of: "err")
        guard process.terminationStatus == 0, complaint.isEmpty else {
            throw Failure(message: "\(command): \(process.terminationStatus) \(complaint.suffix(2000))")
        }
        return try directory.text(of: "out")
    }
}

enum ExportTests {
    /// Calls `body` with random traces, a portion at a time, and with a directory for their exports. Some are long enough for
    /// several batches a thread, of which some are lost.
    static func forEachPortion(
        _ oracle: String, usual: UInt64 = 24, _ body: ([[UInt8]], TemporaryDirectory) throws -> Void
    ) throws {
        var traces = AgreementTraces(oracle, usual: usual)
        for (number, seeds) in traces.portions.enumerated() {
            var files = try seeds.map { try RandomTrace.file(seed: $0, events: $0 % 4 == 3 ? 1500 : 150) }
            if number == 0 { files.append(try LargeTables.file()) }
            try body(files, try TemporaryDirectory())
            try traces.agreed(files)
        }
        traces.tell()
    }

    /// What there is to export, so that a test can tell that it has seen all of it.
    enum Case: CaseIterable {
        case begin, beginCutOff, end, endUnfinished, asyncBegin, asyncBeginCutOff, asyncEnd, asyncEndUnfinished
        case instant, counter, flow, lost

        init(_ what: CollectingSink.What) {
            self =
                switch what {
                case .spanBegin(let isCutOff): isCutOff ? .beginCutOff : .begin
                case .spanEnd(let isUnfinished): isUnfinished ? .endUnfinished : .end
                case .asyncBegin(_, let isCutOff): isCutOff ? .asyncBeginCutOff : .asyncBegin
                case .asyncEnd(_, let isUnfinished): isUnfinished ? .asyncEndUnfinished : .asyncEnd
                case .instant: .instant
                case .counter: .counter
                case .flow: .flow
                case .lost: .lost
                }
        }
    }

    private static let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._:/()-".utf8)

    /// As the oracles' drivers print a text.
    static func escaped(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            if plain.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                out += (byte < 16 ? "\\0" : "\\") + String(byte, radix: 16)
            }
        }
        return out
    }

    static func hexadecimal(_ bits: some FixedWidthInteger, digits: Int) -> String {
        let text = String(bits, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// Compares line by line, and shows the first that differs.
    static func expectEqual(_ found: some Sequence<Substring>, _ expected: [String], _ what: String) {
        let found = found.map(String.init)
        guard found != expected else { return }
        let place = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, expected.count)
        let (ours, theirs) = (
            place < expected.count ? expected[place] : "nothing", place < found.count ? found[place] : "nothing"
        )
        Issue.record(
            "\(what): \(found.count) lines for \(expected.count); line \(place)\n  is      \(theirs)\n  must be \(ours)"
        )
    }
}
