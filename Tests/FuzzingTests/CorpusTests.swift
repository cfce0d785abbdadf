import Foundation
import FuzzTargets
import Testing
import TraceTestSupport

/// Every input that the fuzzers have kept, and every one that has ever found something, is looked at again.
@Suite struct CorpusTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzzing/Corpora")

    @Test(arguments: FuzzTarget.all.map(\.name))
    func nothingIsWrongWithTheCorpus(_ name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.folder.appendingPathComponent(name), includingPropertiesForKeys: nil)
        try #require(!files.isEmpty)
        let inputs = try files.map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
        let guarded = GuardedMemory(capacity: inputs.map(\.1.count).max() ?? 0)
        for (file, input) in inputs {
            let wrong = target.wrong(UnsafeRawBufferPointer(guarded.copy(input)))
            #expect(wrong == nil, "\(name)/\(file)")
        }
        for seed in try target.seeds() { #expect(seed.withUnsafeBytes { target.wrong($0) } == nil) }
    }
}
