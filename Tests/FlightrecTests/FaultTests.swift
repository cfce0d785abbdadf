import Testing

/// Every system call fails once: scripts/faults with the disk full at every byte, here at some.
@Suite(.serialized, .enabled(if: Program.path != nil, "the fault harness was not built beside the tests"))
struct FaultTests {
    @Test func nothingIsLostWhateverTheSystemDoes() throws {
        let path = try Program.beside("fault-harness")
        let scratch = try TemporaryDirectory()
        let result = try Program.run(path, ["--stride", "1499", "--dir", scratch.path], in: scratch.path)
        #expect(result.status == 0, "\(result.text)\(result.error)")
        #expect(try Program.run(path, ["--stride", "none"], in: scratch.path).status == 64)
    }
}
