import FlightRecording
import Foundation
import TraceCore
import TraceFormats
import TraceTestSupport

struct Outcome: Codable {
    var name: String
    /// What there was of it, and what came of that.
    var figures: String
    var problems: [String]
}

/// What a process runs out of.
struct Shortage: Sendable {
    let name: String
    let body: @Sendable (inout Findings) throws -> Void

    static let all = [descriptors, memory, threads, lanes, turnover, pages, subscribers, events]
    static var names: String { all.map(\.name).joined(separator: ", ") }

    func outcome() -> Outcome {
        var findings = Findings()
        do { try body(&findings) } catch { findings.problems.append("\(error)") }
        return Outcome(name: name, figures: findings.figures, problems: findings.problems)
    }
}

struct Findings {
    var figures = ""
    var problems: [String] = []

    mutating func expect(_ isGood: Bool, _ problem: @autoclosure () -> String) {
        if !isGood { problems.append(problem()) }
    }

    /// An error of this package, that says so much.
    mutating func expectError(_ what: String, saying words: String, _ body: () throws -> Void) {
        do {
            try body()
            problems.append("\(what) did not fail")
        } catch {
            let isOurs = error is FlightRecorderError || error is FileError || error is ArenaError
            expect(isOurs && "\(error)".contains(words), "\(what): not a clear error: \(error)")
        }
    }

    mutating func expectNothingLeft(in directory: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        expect(names.isEmpty, "left behind: \(names)")
    }

    /// A snapshot of `recorder` is whole.
    ///
    /// - Returns: how many events it has.
    @discardableResult
    mutating func expectSnapshot(of recorder: FlightRecorder, atLeast events: UInt64 = 0) throws -> UInt64 {
        var sink = MemorySink()
        let report = try recorder.snapshot(to: &sink)
        for violation in FileVerifier.violations(sink.bytes).prefix(3) {
            problems.append("byte \(violation.offset): \(violation.what)")
        }
        expect(report.events >= events, "a snapshot of \(report.events) events, \(events) were emitted")
        return report.events
    }
}

enum Limit {
    #if os(Linux)
        static let descriptors = Int32(RLIMIT_NOFILE.rawValue)
        static let addressSpace = Int32(RLIMIT_AS.rawValue)
    #else
        static let descriptors = RLIMIT_NOFILE
        static let addressSpace = RLIMIT_AS
    #endif

    /// Calls `body` while the process may have no more than so much of a resource.
    static func with<Result>(_ resource: Int32, at bound: Int, _ body: () throws -> Result) throws -> Result {
        var old = rlimit()
        guard getrlimit(resource, &old) == 0 else { throw POSIXError(.EINVAL) }
        var new = rlimit(rlim_cur: rlim_t(bound), rlim_max: old.rlim_max)
        guard setrlimit(resource, &new) == 0 else { throw POSIXError(.EINVAL) }
        defer { setrlimit(resource, &old) }
        return try body()
    }
}

/// A directory for the time of `body`.
func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    try withExtendedLifetime(directory) { try body(directory.path) }
}
