import Foundation
import FuzzTargets
import Testing
import TraceFormats

enum TestData {
    static func file(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Data", withExtension: nil))
        return [UInt8](try Data(contentsOf: url.appending(path: name)))
    }
}

@Suite("Counts of Go traces")
struct GoTraceCountTests {
    @Test("a record is missed, invented, or named otherwise than by Go", arguments: ["runtime", "recorder", "tiny"])
    func countsOfRealTraces(_ name: String) throws {
        let bytes = try TestData.file("\(name).trace")
        let expected = String(decoding: try TestData.file("\(name).counts.txt"), as: UTF8.self)
        let counts = try GoTraceScanner.count(bytes.span.bytes)
        let found = counts.kinds.map { "\($0.kind.name) \($0.count)" }.sorted()
        #expect(found == expected.split(separator: "\n").map(String.init).sorted())
        #expect(counts[.endOfGeneration] == UInt64(counts.generations))
        #expect(counts[.eventBatch] + counts[.experimentalBatch] == UInt64(counts.batches))
    }

    @Test("two ways through the bytes count differently", arguments: ["runtime", "recorder", "tiny"])
    func fastCountSurveyAndCursorsAgree(_ name: String) throws {
        let bytes = try TestData.file("\(name).trace")
        let counts = try GoTraceScanner.count(bytes.span.bytes)
        let survey = GoTraceScanner.survey(bytes.span.bytes)
        #expect(survey.error == nil)
        #expect(survey.counts == counts)

        var records: UInt64 = 0
        var scanner = try GoTraceScanner(bytes.span.bytes)
        while let batch = try scanner.nextBatch(in: bytes.span.bytes) {
            records += 1
            var position = batch.data.lowerBound
            var cursor = GoTraceRecordCursor(batch)
            while let record = try cursor.next(in: bytes.span.bytes) {
                records += 1
                #expect(record.offset == position)
                position = record.payload.upperBound
            }
            #expect(position == batch.data.upperBound)
        }
        #expect(records == counts.records)
        #expect(try GoTraceWorkload.arguments(bytes.span.bytes).records == counts.records)
        #expect(try GoTraceWorkload.batches(bytes.span.bytes) == counts.batches)
    }

    @Test("a version's rules are applied to another", arguments: [22, 23, 25, 26])
    func everyVersion(minor: Int) throws {
        let bytes = TraceBuilder.variety(minor: minor)
        let counts = try GoTraceScanner.count(bytes.span.bytes)
        let expected = try #require(ReferenceGoDecoder.decode(bytes))
        #expect(counts.generations == 2)
        #expect(counts.batches == expected.batches)
        for kind in GoTraceKind.allKnown {
            #expect(counts[kind] == expected.counts[kind.rawValue, default: 0], "\(kind)")
        }
    }

    @Test("an argument is decoded wrongly on one side of the 8-byte limit")
    func argumentsAndTimes() throws {
        let values: [UInt64] = [
            0, 1, 127, 128, 16383, 16384, 1 << 28, 1 << 35, 1 << 42, 1 << 49, 1 << 56, 1 << 63, .max,
        ]
        for value in values {
            for position in 0..<5 {
                var arguments: [UInt64] = [1, 2, 3, 4, 5]
                arguments[position] = value
                var trace = TraceBuilder()
                let record = [UInt8(44)] + arguments.flatMap(TraceBuilder.varint)
                // Padding behind, so that the record is not in the slow tail of the batch.
                trace.batch(1, time: 1000, [record, record, Array(repeating: [11, 1], count: 8).flatMap { $0 }])
                var scanner = try GoTraceScanner(trace.bytes.span.bytes)
                let batch = try #require(try scanner.nextBatch(in: trace.bytes.span.bytes))
                var cursor = GoTraceRecordCursor(batch)
                for repetition in 1...2 as ClosedRange<UInt64> {
                    let found = try #require(try cursor.next(in: trace.bytes.span.bytes))
                    #expect(found.timestamp == 1000 &+ repetition &* arguments[0])
                    #expect((0..<4).map { found.arguments[$0] } == Array(arguments[1...]))
                    #expect(found.argumentCount == 4)
                }
            }
        }
    }

    @Test("names, numbers and argument counts of the tables drift apart")
    func tableOfKinds() {
        for kind in (0...UInt8.max).map(GoTraceKind.init(rawValue:)) {
            #expect(kind.argumentNames.count == kind.argumentCount, "\(kind)")
            #expect(kind.name.hasPrefix("Invalid") == !kind.isKnown)
            #expect(kind.isKnown == ((1...52).contains(kind.rawValue) || (128...136).contains(kind.rawValue)))
            if kind.isKnown { #expect(GoTraceKind(name: kind.name) == kind) }
            if kind.isEvent { #expect(kind.argumentNames.first == "dt") }
        }
        #expect(GoTraceKind(name: "GoStart")?.rawValue == 16)
        #expect(GoTraceKind(name: "HeapObjectAlloc")?.rawValue == 132)
    }

    @Test("strings, stacks and the clock cannot be read back")
    func tables() throws {
        let bytes = TraceBuilder.variety(minor: 26, generations: 7...7)
        var scanner = try GoTraceScanner(bytes.span.bytes)
        var strings: [UInt64: String] = [:]
        var frames: [GoTraceFrame] = []
        var clock: GoTraceClock?
        while let batch = try scanner.nextBatch(in: bytes.span.bytes) {
            if batch.content == .sync { clock = scanner.clock }
            var cursor = GoTraceRecordCursor(batch)
            while let record = try cursor.next(in: bytes.span.bytes) {
                if record.kind == .string {
                    strings[record.arguments[0]] = String(decoding: bytes[record.payload], as: UTF8.self)
                }
                var stack = GoTraceFrameCursor(record)
                while let frame = stack.next(in: bytes.span.bytes) { frames.append(frame) }
            }
        }
        #expect(strings == [1: "main", 2: "", 300: "file.go"])
        #expect(frames.map(\.programCounter) == [1 << 40, 1 << 41])
        #expect(frames.map(\.line) == [3, 300])
        #expect(clock?.ticksPerSecond == 1_000_000_000)
        #expect(clock?.snapshot?.ticks == 105)
        #expect(clock?.snapshot?.nanoseconds == 8)
    }
}
