import Foundation
import Testing
import TraceCore

/// `flightrec recover` and `attach`, and the harness that kills what they recover from.
@Suite(.serialized, .enabled(if: Program.path != nil, "the flightrec executable was not built beside the tests"))
struct RecoverTests {
    private func arena(_ path: String) throws -> Arena {
        let arena = try Arena(ArenaGeometry(pageByteCount: 4096, pageCount: 16, laneCapacity: 4), newFile: path)
        arena.metadata!.append(
            EventSchema(id: 1, name: "one", category: "test", fields: [.init(name: "a", type: .unsigned)]))
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        for word in 0..<5000 as Range<UInt64> { writer.emit(DenseEncoding.one(word), id: 1) }
        return arena
    }

    @Test func aFileThatNobodyHoldsIsRecoveredAndNotAttachedTo() throws {
        let scratch = try TemporaryDirectory()
        let ring = scratch.file("ring")
        do { _ = try arena(ring) }
        let result = try Program.run(["recover", ring, "-o", scratch.file("a.frec")])
        #expect(result.status == 0 && result.text.contains("5,000 events"), "\(result.text)\(result.error)")
        #expect(try Program.run(["verify", scratch.file("a.frec")]).status == 0)
        let json = try Program.run(["recover", ring, "-o", scratch.file("a.frec"), "--json"])
        #expect(json.text.contains("\"events\" : 5000") && json.text.contains("\"isAlive\" : false"))
        let attached = try Program.run(["attach", ring, "-o", scratch.file("b.frec")])
        #expect(attached.status == 2 && attached.error.contains("flightrec recover"))
        #expect(!FileManager.default.fileExists(atPath: scratch.file("b.frec")))
    }

    @Test func theWindowOfAProcessThatLivesIsReadFromOutside() throws {
        let scratch = try TemporaryDirectory()
        let ring = scratch.file("ring")
        let arena = try arena(ring)
        let result = try Program.run(["attach", ring, "-o", scratch.file("a.frec")])
        #expect(result.status == 0 && result.text.contains("5,000 events"), "\(result.text)\(result.error)")
        #expect(try Program.run(["verify", scratch.file("a.frec")]).status == 0)
        #expect(try Program.run(["recover", ring, "-o", scratch.file("a.frec")]).text.contains("still records"))
        withExtendedLifetime(arena) {}
    }

    /// Another process writes at full speed and is read again and again: each time all that is stated is there, and no more.
    @Test func aRingUnderLoadIsReadWhole() throws {
        let scratch = try TemporaryDirectory()
        let ring = scratch.file("ring")
        let arena = try Arena(
            ArenaGeometry(pageByteCount: 4096, pageCount: 32, laneCapacity: 4), newFile: ring, logByteCount: 4096)
        arena.metadata!.append(
            EventSchema(
                id: 1, name: "three", category: "test",
                fields: ["a", "b", "c"].map { .init(name: $0, type: .unsigned) }))
        let isEnding = Flag()
        let threads = (0..<2).map { _ in
            let thread = Thread {
                guard let writer = try? arena.makeWriter(as: DenseEncoding.self) else { return }
                var word: UInt64 = 0
                while !isEnding.isSet {
                    for _ in 0..<100 {
                        word += 1
                        writer.emit(DenseEncoding.three(word, ~word, word &* 7), id: 1)
                    }
                }
                isEnding.count()
            }
            thread.start()
            return thread
        }
        var events: UInt64 = 0
        for _ in 0..<50 {
            let trace = try ArenaImage(path: ring).recover()
            #expect(trace.problems == [])
            events += trace.events
            let shapes = ShapeTable(trace.schemas)
            try trace.visitBatches { batch, bytes in
                var cursor = RecordCursor(batch)
                var last: UInt64?
                while let record = try cursor.next(in: bytes, shapes) {
                    let word = record.words.0
                    let isWhole =
                        record.words.1 == ~word && record.words.2 == word &* 7 && word == last.map { $0 + 1 } ?? word
                    if !isWhole { Issue.record("a torn record: \(record.words)") }
                    last = word
                }
            }
        }
        isEnding.set()
        while isEnding.counted < threads.count { sched_yield() }
        #expect(events > 0)
    }

    @Test func killsLoseNothingAndTheControlIsCaught() throws {
        let path = try Program.beside("crash-harness")
        let scratch = try TemporaryDirectory()
        let result = try Program.run(path, ["--kills", "500"], in: scratch.path)
        #expect(result.status == 0, "\(result.text)\(result.error)")
        let few = try Program.run(path, ["--kills", "none"], in: scratch.path)
        #expect(few.status == 64)
    }
}

private final class Flag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false
    private var ended = 0

    var isSet: Bool { lock.withLock { value } }
    func set() { lock.withLock { value = true } }
    func count() { lock.withLock { ended += 1 } }
    var counted: Int { lock.withLock { ended } }
}
