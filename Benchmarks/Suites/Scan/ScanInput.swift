import Foundation
import Harness
import TraceFormats

/// A trace in memory, with what a first, untimed pass found in it.
final class ScanInput {
    let name: String
    let bytes: [UInt8]
    let batches: Int
    let counts: GoTraceCounts
    let arguments: (records: UInt64, sum: UInt64)
    /// Nil for a trace that was made up.
    private let path: String?

    private init(name: String, bytes: [UInt8], path: String? = nil) throws(GoTraceError) {
        self.name = name
        self.bytes = bytes
        self.path = path
        let span = bytes.span
        batches = try GoTraceWorkload.batches(span.bytes)
        counts = try GoTraceWorkload.records(span.bytes)
        arguments = try GoTraceWorkload.arguments(span.bytes)
    }

    static func load(_ options: SuiteOptions) throws -> ScanInput {
        guard let path = options.input else {
            do {
                return try ScanInput(
                    name: ScanSuite.syntheticInput, bytes: SyntheticGoTrace.make(seed: options.seed))
            } catch {
                throw UnusableInput("the synthetic trace: \(error)")
            }
        }
        let bytes = try contents(of: path)
        let input: ScanInput
        do throws(GoTraceError) {
            input = try ScanInput(name: URL(fileURLWithPath: path).lastPathComponent, bytes: bytes, path: path)
        } catch {
            let go = error.goReaderMessage(of: bytes.span.bytes) ?? "no error"
            throw UnusableInput("\(path): \(error)\n  Go's reader: \(go)")
        }
        guard input.records > 0 else { throw UnusableInput("\(path): a Go trace without a record: nothing to time") }
        return input
    }

    private static func contents(of path: String) throws -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else {
            throw UnusableInput("\(path): \(String(cString: strerror(errno)))")
        }
        // A pipe is read empty by the first process, before it starts itself again with another allocator.
        guard status.st_mode & S_IFMT == S_IFREG else {
            let what = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "no regular file"
            throw UnusableInput("\(path): is \(what)")
        }
        do {
            return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw UnusableInput("\(path): cannot be read: \(error.localizedDescription)")
        }
    }

    var records: Int { Int(counts.records) }

    var countsByName: [String: Int] {
        Dictionary(uniqueKeysWithValues: counts.kinds.map { ($0.kind.name, Int($0.count)) })
    }

    /// What is wrong with the counts that a pass found, if anything.
    func wrong(_ found: GoTraceCounts) -> String? {
        found == counts ? nil : "\(found.records) records instead of \(counts.records), or of other kinds"
    }

    func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        let bytes = self.bytes
        let span = bytes.span
        return try body(span.bytes)
    }

    /// Gives `body` the path of a file with these bytes, for readers in processes of their own.
    func withFile<Result>(_ body: (String) throws -> Result) throws -> Result {
        if let path { return try body(path) }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("bench-\(UUID().uuidString).trace")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        return try body(file.path)
    }

    /// Reads every word once: what memory allows.
    func readAllWords() -> String? {
        var sum: UInt64 = 0
        let bytes = self.bytes
        let span = bytes.span
        let raw = span.bytes
        var offset = 0
        while offset &+ 8 <= raw.byteCount {
            sum ^= raw.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        consume(sum)
        return nil
    }
}
