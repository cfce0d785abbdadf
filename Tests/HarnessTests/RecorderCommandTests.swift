import Testing

@testable import Harness

/// `bench snapshot fanout`, as built: what they promise to measure, and that what they find is what was emitted.
@Suite(.serialized, .enabled(if: Program.path != nil, "the bench executable was not built beside the tests"))
struct RecorderCommandTests {
    /// The names are a contract with scripts and with published results.
    @Test func aCaseOfTheContractIsMissing() throws {
        let lines = try Program.run(["list"]).output.split(separator: "\n").map { $0.split(separator: " ") }
        let names = Set(lines.compactMap(\.first))
        for name in [
            "discard.64MiB", "tmpfs.64MiB", "writev.tmpfs.64MiB", "share.64MiB", "emit.p9999.quiet",
            "emit.p9999.snapshots", "rss.over-bound", "emit.subscribers.0", "emit.subscribers.1",
            "deliver.subscribers.1", "deliver.one-more",
        ] {
            #expect(names.contains(Substring(name)), "\(name)")
        }
    }

    @Test(arguments: ["snapshot", "fanout"]) func whatIsEmittedIsNotFoundAgain(suite: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/result.json"
        let result = try Program.run([suite, "--filter", "\(suite)/", "--json", path])
        #expect(result.status == 0, "\(result.output) \(result.error)")
        let rows = try Report(path: path).rows.filter { $0.suite == suite }
        #expect(!rows.isEmpty)
        for row in rows where row.case.hasPrefix("share.") { #expect((0.5...1).contains(row.spread.median)) }
        for row in rows where row.case.hasPrefix("delivered.") { #expect(row.spread.median <= 1) }
    }
}
