import Testing

@testable import Harness

/// `bench emit`, as built: what it promises to measure, and that all of it verifies what it emitted.
@Suite(.serialized, .enabled(if: Program.path != nil, "the bench executable was not built beside the tests"))
struct EmitCommandTests {
    /// The names are a contract with scripts and with published results.
    @Test func aCaseOfTheContractIsMissing() throws {
        let lines = try Program.run(["list"]).output.split(separator: "\n").map { $0.split(separator: " ") }
        let names = Set(lines.compactMap(\.first))
        for name in [
            "loop.empty", "loop.clock", "loop.disabled", "loop.0args", "loop.u64", "loop.3args", "loop.pair",
            "chain30.none", "chain30.clock", "chain30.u64", "two-threads.u64", "bytes.0args", "bytes.u64",
            "bytes.3args",
            "bytes.mix", "bytes.replay", "history", "latency", "rotation", "first-touch", "idle-threads",
        ] {
            #expect(names.contains(Substring(name)), "\(name)")
        }
    }

    @Test func whatIsEmittedIsNotFoundAgain() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/result.json"
        let result = try Program.run(["emit", "--filter", "emit/", "--json", path])
        #expect(result.status == 0, "\(result.output) \(result.error)")
        let rows = try Report(path: path).rows.filter { $0.suite == "emit" }
        func median(_ name: String, _ strategy: String, _ parameters: [String: ParameterValue] = [:]) throws -> Double {
            try #require(rows.first { $0.case == name && $0.strategy == strategy && $0.parameters == parameters })
                .spread.median
        }
        // Three bytes and eight, and what the page's header and end take.
        #expect(try (3.0...3.1).contains(median("bytes.0args", "dense")))
        #expect(try (8.0...8.2).contains(median("bytes.0args", "words")))
        #expect(try (5.0...5.5).contains(median("bytes.mix", "dense")))
        #expect(rows.contains { $0.case == "rotation" && $0.parameters["arena"] == "file" })
        #expect(rows.filter { $0.origin == .library }.allSatisfy { $0.strategy == "dense" })
    }
}
