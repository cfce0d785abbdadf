import Foundation

/// Thrown for a result file that cannot be used: the process exits with 2.
public struct UnreadableReport: Error, Sendable, CustomStringConvertible {
    public let path: String
    public let what: String
    public var description: String { "\(path): \(what)" }
}

extension Report {
    /// Reads a result file.
    ///
    /// - Throws: ``UnreadableReport`` for a file that is not there, is no JSON, or is somebody else's.
    public init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UnreadableReport(path: path, what: "cannot be read")
        }
        do {
            self = try JSONDecoder().decode(Report.self, from: data)
        } catch let error as DecodingError {
            throw UnreadableReport(path: path, what: "not a result of this benchmark: \(error.plainly)")
        }
    }

    /// The JSON text: top-level keys in the order of the contract, one row a line, so that results diff well.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func text(_ value: some Encodable) throws -> String {
            String(decoding: try encoder.encode(value), as: UTF8.self)
        }
        let head = [
            ("schema", try text(Self.schema)), ("startedAt", try text(startedAt)), ("command", try text(command)),
            ("commit", try text(commit)), ("configuration", try text(configuration)), ("swift", try text(swift)),
            ("machine", try text(machine)), ("floor", try text(floor)),
        ]
        let lines = try rows.map { "    " + (try text($0)) }
        return "{\n" + head.map { "  \"\($0)\": \($1),\n" }.joined()
            + "  \"rows\": [\n" + lines.joined(separator: ",\n") + "\n  ]\n}\n"
    }

    /// Writes the JSON under a temporary name and moves it into place: a reader never sees half a file.
    public func write(to path: String) throws {
        try Data(try json().utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}

extension DecodingError {
    /// The reason in one line, with the place in the file.
    fileprivate var plainly: String {
        func place(_ context: Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            return path.isEmpty ? "" : " at \(path.drop { $0 == "." })"
        }
        switch self {
        case .keyNotFound(let key, let context): return "no \"\(key.stringValue)\"\(place(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return context.debugDescription + place(context)
        @unknown default: return "\(self)"
        }
    }
}
