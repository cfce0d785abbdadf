import Foundation
import Testing
import TraceCore
import TraceFormats

/// Files that are not what they should be: status 1, the offset, and never a crash.
@Suite(.serialized, .enabled(if: Program.path != nil, "the flightrec executable was not built beside the tests"))
struct DamageTests {
    @Test func damageIsNamedWithItsOffset() throws {
        let scratch = try TemporaryDirectory()
        let good = try RandomTrace.file(seed: 2)
        let batch = try #require(TraceIndex(good.span.bytes).batches.first)
        var cases: [(String, [UInt8], Int)] = []
        var magic = good
        magic[3] ^= 1
        cases.append(("magic", magic, 3))
        var version = good
        version[8] = 9
        cases.append(("version", version, 8))
        var schema = good
        // No schema has this id.
        schema[batch.records.lowerBound] = 253
        cases.append(("record", schema, batch.records.lowerBound))
        cases.append(("short", Array(good.dropLast(16)), good.count - 32))
        for (name, bytes, offset) in cases {
            let file = try scratch.write(bytes, to: "\(name).frec")
            for command in [
                ["verify", file], ["info", file], ["view", file],
                ["export", file, "--format", "ndjson", "-o", scratch.file("x")],
                ["diff", file, file], ["cut", file, "--event", "outer", "-o", scratch.file("y")],
            ] {
                let result = try Program.run(command)
                #expect(result.status == 1, "\(command): \(result.error)")
                let text = command[0] == "verify" ? result.text : result.error
                #expect(text.contains("\(name).frec: byte \(offset):"), "\(command): \(text)")
            }
        }
        // What there is of a file that was cut short is shown.
        let info = try Program.run(["info", scratch.file("short.frec"), "--json"])
        #expect(info.text.contains("\"problem\""))
    }

    @Test func verifyFindsWhatReadersTakeForGranted() throws {
        let good = try SmallFile.make(openSpans: [OpenSpan(lane: 0, thread: 7, schema: 1, start: 900)]) { writer in
            writer.emit(1, at: 1000)
            writer.emit(6, 1, at: 2000)
            writer.emit(2, at: 3000)
        }
        #expect(FileVerifier.violations(good) == [])
        let batch = try #require(TraceIndex(good.span.bytes).batches.first)
        let header = batch.records.lowerBound - 64
        func finds(_ what: String, at offset: Int? = nil, _ edit: (inout [UInt8]) -> Void) {
            var bytes = good
            edit(&bytes)
            let found = FileVerifier.violations(bytes)
            #expect(
                found.contains { $0.what.contains(what) && (offset == nil || $0.offset == offset) }, "\(what): \(found)"
            )
        }
        finds("states 4 events, and holds 3", at: header + 48) { $0[header + 48] += 1 }
        finds("generation 2 is later", at: header + 24) { $0[header + 24] = 2 }
        finds("time shift", at: header + 6) { $0[header + 6] = 1 }
        finds("string 9 is not in the table") { bytes in
            // The only record of schema 6: its number, 1, is a prefix varint of one byte.
            let place = batch.records.first { bytes[$0] == 6 && bytes[$0 + 3] == 3 }!
            bytes[place + 3] = 9 << 1 | 1
        }
        // The open span, behind the batch: its schema becomes an end's.
        let spans = ((batch.records.upperBound + 7) & ~7) + 8 + 4
        finds("open span of schema 2", at: spans + 8) { $0[spans + 8] = 2 }
    }

    @Test func verifyHoldsLanesTogether() throws {
        func file(_ second: BatchHeader, lane: NativeGenerationEnd.Lane) throws -> [UInt8] {
            let pair = ClockPair(ticks: 9000, monotonic: 1, wall: 1, width: 1)
            let header = NativeFileHeader(
                rate: ClockRate(ticksPerSecond: 1000, partsPerBillion: 0)!, timeShift: 0, start: pair)
            var writer = try NativeFileWriter(to: MemorySink(), header: header)
            try writer.write(schemas: [EventSchema(id: 1, name: "a", category: "b")])
            let records: [UInt8] = [1, 5, 0, 1, 5, 0]
            try writer.write(
                BatchHeader(ticket: 1, baseIndex: 0, generation: 1, baseTime: 100, endIndex: 2),
                records: records.span.bytes)
            try writer.write(second, records: records.span.bytes)
            try writer.write(NativeGenerationEnd(generation: 1, clockPair: pair, lanes: [lane]))
            return try writer.finish().bytes
        }
        func second(base: UInt64, time: UInt64) -> BatchHeader {
            BatchHeader(ticket: 2, baseIndex: base, generation: 1, baseTime: time, endIndex: base + 2)
        }
        let plain = NativeGenerationEnd.Lane(lane: 0, events: 4)
        #expect(FileVerifier.violations(try file(second(base: 2, time: 110), lane: plain)) == [])
        let gap = NativeGenerationEnd.Lane(lane: 0, events: 4, gaps: [.init(firstIndex: 2, count: 3)])
        #expect(FileVerifier.violations(try file(second(base: 5, time: 110), lane: gap)) == [])
        let truncated = NativeGenerationEnd.Lane(lane: 0, events: 4, isTruncated: true)
        #expect(FileVerifier.violations(try file(second(base: 5, time: 110), lane: truncated)) == [])
        for (bytes, what) in [
            (try file(second(base: 2, time: 109), lane: plain), "time 109 before 110"),
            (try file(second(base: 1, time: 110), lane: plain), "index 1 behind 2"),
            (try file(second(base: 5, time: 110), lane: plain), "3 events are missing"),
            (try file(second(base: 2, time: 110), lane: .init(lane: 0, events: 5)), "5 events stated"),
            (try file(second(base: 2, time: 110), lane: .init(lane: 1, events: 4)), "no entry at its end"),
        ] {
            let found = FileVerifier.violations(bytes)
            #expect(found.contains { $0.what.contains(what) }, "\(what): \(found)")
        }
    }

    /// Every byte of a small file, with several values: whatever reads it gives an answer or an error.
    @Test func everyByteMutated() throws {
        let small = try SmallFile.make(lost: 3, openSpans: [OpenSpan(lane: 0, thread: 7, schema: 1, start: 900)]) {
            writer in
            writer.emit(1, at: 1000)
            writer.emit(4, 1, 2, at: 90_000)
            writer.emit(6, 1, at: 90_100)
            writer.emit(3, 1 << 60, at: 200_000)
            writer.emit(5, 1, at: 200_001)
            writer.emit(2, at: 300_000)
        }
        for offset in small.indices {
            try mutate(small, offset, [small[offset] ^ 0x80, small[offset] &+ 1, 255])
        }
        // Texts and wide payloads as well.
        let random = try RandomTrace.file(seed: 12, events: 40)
        for batch in try TraceIndex(random.span.bytes).batches {
            for offset in batch.records.lowerBound - 64..<batch.records.upperBound {
                try mutate(random, offset, [random[offset] ^ 0xFF])
            }
        }
    }

    private func mutate(_ good: [UInt8], _ offset: Int, _ values: [UInt8]) throws {
        for value in values where value != good[offset] {
            var bytes = good
            bytes[offset] = value
            let span = bytes.span.bytes
            _ = FileVerifier.violations(bytes)
            guard let index = try? TraceIndex(span) else { continue }
            _ = try? CollectingSink.collect(bytes)
            var lines = NDJSONExporter(to: DiscardingSink())
            try? Timeline.run(index, in: span, into: &lines)
            _ = try? TraceCut(from: 1500, to: 1 << 60, dropped: [3]).write(index, in: span, to: DiscardingSink())
            if let merge = try? TraceMerge([.init(name: "a", index: index), .init(name: "b", index: index)]) {
                _ = try? merge.write(to: DiscardingSink()) { _, body in try body(span) }
            }
        }
    }

    /// The same through the program, at every eleventh byte: what only it does with a file.
    @Test func bytesMutatedUnderTheCommand() throws {
        let scratch = try TemporaryDirectory()
        let good = try RandomTrace.file(seed: 12, events: 24)
        for offset in stride(from: 0, to: good.count, by: max(good.count / 60, 1)) {
            var bytes = good
            bytes[offset] ^= 0xFF
            let file = try scratch.write(bytes, to: "m.frec")
            for command in [["info", file], ["view", file], ["verify", file, "--json"]] {
                let result = try Program.run(command)
                #expect([0, 1].contains(result.status), "\(command) at \(offset): \(result.error)")
            }
        }
    }
}
