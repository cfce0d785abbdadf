import Foundation
import Testing
import TraceCore
import TraceTestSupport

@testable import TraceFormats

/// Lines of JSON against what the timeline itself tells, read by Foundation.
@Suite struct NDJSONTests {
    @Test func eachLineIsWhatTheTimelineTells() throws {
        var traces = AgreementTraces("ndjson: Foundation's parser", usual: 60)
        for seed in traces.portions.joined() {
            let file = try RandomTrace.file(seed: seed, events: 120)
            try check(file, seed: seed)
            try traces.agreed([file])
        }
        traces.tell()
    }

    private func check(_ file: [UInt8], seed: UInt64) throws {
        let expected = try CollectingSink.collect(file)
        let context = try #require(expected.context)
        let lines = try Self.export(file, times: .ns)
        #expect(lines[0]["type"] as? String == "process")
        #expect(lines[0]["process"] as? Int == 4242)
        let threads = lines.dropFirst().prefix(context.threads.count)
        #expect(threads.map { $0["name"] as? String } == context.threads.map(\.name))
        let events = lines.dropFirst(1 + context.threads.count)
        try #require(events.count == expected.items.count)
        var starts: [Int: [Int64]] = [:]
        for (line, item) in zip(events, expected.items) {
            #expect(line["type"] as? String == Self.type(of: item), "seed \(seed)")
            #expect((line["time"] as? NSNumber)?.int64Value == item.time)
            #expect(line["thread"] as? Int == item.thread)
            if case .lost(let from, let count) = item.what {
                #expect((line["from"] as? NSNumber)?.int64Value == from)
                #expect((line["count"] as? NSNumber)?.uint64Value == count)
                continue
            }
            #expect(line["name"] as? String == item.name)
            #expect(line["category"] as? String == item.category)
            Self.check(line, item, &starts)
            let arguments = line["args"] as? [String: Any] ?? [:]
            #expect(arguments.count == item.arguments.count)
            for (place, argument) in item.arguments.enumerated() {
                let name = argument.name.isEmpty ? "#\(place + 1)" : argument.name
                #expect(Self.equal(arguments[name], argument.value), "seed \(seed): \(argument)")
            }
        }
    }

    @Test func timesAreISO() throws {
        let file = try RandomTrace.file(seed: 3, events: 50)
        let numbers = try Self.export(file, times: .ns)
        let texts = try Self.export(file, times: .iso)
        for (number, text) in zip(numbers, texts) where number["time"] != nil {
            let time = try #require(WallTime(text["time"] as? String ?? ""))
            #expect(time.nanoseconds == (number["time"] as? NSNumber)?.int64Value)
        }
    }

    @Test func fieldsOfOneNameAreToldApart() {
        let fields = ["a", "", "a", "b"].map { EventSchema.Field(name: $0, type: .unsigned) }
        let schema = EventSchema(id: 1, name: "", category: "", fields: fields)
        #expect(schema.uniqueFieldNames == ["a", "#2", "#3", "b"])
    }

    private static func export(_ file: [UInt8], times: NDJSONExporter<MemorySink>.Times) throws -> [[String: Any]] {
        let bytes = file.span.bytes
        var exporter = NDJSONExporter(to: MemorySink(), times: times)
        try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
        let output = try exporter.finish().bytes
        #expect(output.last == UInt8(ascii: "\n"))
        return try output.split(separator: UInt8(ascii: "\n")).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
        }
    }

    private static func type(of item: CollectingSink.Item) -> String {
        switch item.what {
        case .spanBegin: "begin"
        case .spanEnd: "end"
        case .asyncBegin: "asyncBegin"
        case .asyncEnd: "asyncEnd"
        case .instant: "instant"
        case .counter: "counter"
        case .flow: "\(item.kind)"
        case .lost: "lost"
        }
    }

    /// What lines of one type have beside.
    private static func check(
        _ line: [String: Any], _ item: CollectingSink.Item, _ starts: inout [Int: [Int64]]
    ) {
        switch item.what {
        case .spanBegin(let isCutOff):
            #expect(line["cutOff"] as? Bool ?? false == isCutOff)
            starts[item.thread, default: []].append(item.time)
        case .spanEnd(let isUnfinished):
            #expect(line["unfinished"] as? Bool ?? false == isUnfinished)
            let start = starts[item.thread]?.popLast() ?? .min
            #expect((line["duration"] as? NSNumber)?.int64Value == item.time - start)
        case .asyncBegin(let span, let isCutOff):
            #expect(line["cutOff"] as? Bool ?? false == isCutOff)
            #expect((line["span"] as? NSNumber)?.uint64Value == span.number)
            #expect((line["task"] as? NSNumber)?.uint64Value ?? 0 == span.task)
            #expect(line["taskName"] as? String == span.taskName)
        case .asyncEnd(let span, let isUnfinished):
            #expect(line["unfinished"] as? Bool ?? false == isUnfinished)
            #expect((line["span"] as? NSNumber)?.uint64Value == span.number)
            #expect(line["duration"] != nil)
        case .flow(let number): #expect((line["flow"] as? NSNumber)?.uint64Value == number)
        default: break
        }
    }

    static func equal(_ found: Any?, _ value: ArgumentValue) -> Bool {
        switch value {
        case .unsigned(let number): return (found as? NSNumber)?.uint64Value == number
        case .signed(let number): return (found as? NSNumber)?.int64Value == number
        case .double(let number):
            guard number.isFinite else {
                return found as? String == (number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity")
            }
            // Foundation reads long decimals with an error of its own.
            return (found as? NSNumber).map { abs($0.doubleValue - number) <= 2 * number.ulp } ?? false
        case .float(let number):
            guard number.isFinite else { return found is String }
            return (found as? NSNumber).map { Float($0.doubleValue) } == number
        case .boolean(let flag): return found as? Bool == flag
        case .pointer(let address): return found as? String == "0x" + String(address, radix: 16)
        case .staticString(let text), .string(let text, _): return found as? String == text
        }
    }
}

@Suite struct WallTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (1_795_630_540_779_334_326, "2026-11-25T18:15:40.779334326Z"),
            (.min, "1677-09-21T00:12:43.145224192Z"), (.max, "2262-04-11T23:47:16.854775807Z"),
        ] as [(Int64, String)])
    func knownTimes(nanoseconds: Int64, text: String) { #expect(WallTime(nanoseconds: nanoseconds).text == text) }

    @Test func randomTimesAreWhatFoundationSaysAndReadBack() throws {
        var random = SeededGenerator(seed: 7)
        let format = Date.ISO8601FormatStyle()
        for _ in 0..<5000 {
            let time = Int64.random(in: -9_000_000_000_000_000_000...9_000_000_000_000_000_000, using: &random)
            let text = WallTime(nanoseconds: time).text
            #expect(WallTime(text)?.nanoseconds == time)
            let seconds = time >= 0 ? time / 1_000_000_000 : (time - 999_999_999) / 1_000_000_000
            #expect(text.prefix(19) == format.format(Date(timeIntervalSince1970: Double(seconds))).prefix(19))
        }
    }

    @Test(arguments: [
        "", "2026", "2026-13-01T00:00:00Z", "2026-11-25T24:00:00Z", "2026-11-25T12:00:00.Z", "x",
        "2026-11-25T12:00:00Zz", "9999-01-01T00:00:00Z",
    ])
    func whatIsNoTime(text: String) { #expect(WallTime(text) == nil) }
}
