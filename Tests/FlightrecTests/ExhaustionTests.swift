import Testing

/// What a process can run out of, each in a process of its own.
@Suite(.serialized, .enabled(if: Program.path != nil, "the program was not built beside the tests"))
struct ExhaustionTests {
    @Test func shortagesAreToldAndOutlived() throws {
        let scratch = try TemporaryDirectory()
        let result = try Program.run(Program.beside("exhaustion"), [], in: scratch.path)
        #expect(result.status == 0, "\(result.text)\(result.error)")
    }

    @Test func theCommandKnowsItsShortages() throws {
        let scratch = try TemporaryDirectory()
        let result = try Program.run(Program.beside("exhaustion"), ["air"], in: scratch.path)
        #expect(result.status == 64 && result.error.contains("there is no shortage 'air'"), "\(result.error)")
    }
}
