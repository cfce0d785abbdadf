import Foundation
import Testing
import TraceCore
import TraceFormats

/// Tests/Oracles/frec.py was written from docs/FORMAT.md alone. What it makes of files is what this package does: so the
/// document suffices.
@Suite(.enabled(if: Oracle.isThere, "python3 is not installed"))
struct FormatOracleTests {
    @Test func recordsAreTheSame() throws {
        var traces = AgreementTraces("native: a reader in Python, from the document alone", usual: 15)
        for seed in traces.portions.joined() {
            let file = try RandomTrace.file(seed: seed, events: 200)
            try check(file, seed: seed)
            try traces.agreed([file])
        }
        traces.tell()
    }

    private func check(_ bytes: [UInt8], seed: UInt64) throws {
        let scratch = try TemporaryDirectory()
        let result = try Oracle.run(try scratch.write(bytes, to: "a.frec"), in: scratch.path)
        #expect(result.status == 0, "\(result.text.suffix(200)) \(result.error)")
        let lines = try Oracle.lines(result)
        let list = try RecordList(bytes)
        let events = lines.filter { ["event", "lost"].contains($0["what"] as? String) }
        try #require(events.count == list.entries.count)
        for (line, (entry, index)) in zip(events, zip(list.entries, list.indices)) {
            #expect(Self.number(line["lane"]) == UInt64(entry.lane))
            #expect(Self.number(line["thread"]) == UInt64(entry.thread))
            #expect(Self.number(line["time"]) == entry.time)
            #expect(Self.number(line["index"]) == index)
            #expect(Self.number(line["generation"]) == entry.generation)
            #expect((line["lost"] as? NSNumber)?.uint64Value == entry.lost)
            guard entry.lost == nil else { continue }
            #expect(line["name"] as? String == entry.name)
            #expect(line["category"] as? String == entry.category)
            #expect(line["kind"] as? String == "\(entry.kind)")
            let arguments = try #require(line["args"] as? [Any])
            try #require(arguments.count == entry.arguments.count)
            for (found, value) in zip(arguments, entry.arguments) {
                #expect(Self.equal(found, value), "seed \(seed): \(found) \(value)")
            }
        }
        try Self.checkChunks(lines, list.index)
    }

    @Test func itRefusesWhatIsNotWhole() throws {
        let scratch = try TemporaryDirectory()
        let bytes = try RandomTrace.file(seed: 3)
        for cut in [10, 63, 64, 100, bytes.count - 8, bytes.count - 1] {
            let result = try Oracle.run(try scratch.write(Array(bytes[..<cut]), to: "a.frec"), in: scratch.path)
            #expect(result.status == 1, "\(cut)")
        }
    }

    private static func number(_ value: Any?) -> UInt64? { (value as? NSNumber)?.uint64Value }

    private static func checkChunks(_ lines: [[String: Any]], _ index: TraceIndex) throws {
        let named = Dictionary(grouping: lines) { $0["what"] as? String ?? "" }
        let header = try #require(named["header"]?.first)
        #expect(number(header["ticksPerSecond"]) == index.header.rate.ticksPerSecond)
        #expect(number((header["start"] as? [String: Any])?["ticks"]) == index.header.start.ticks)
        #expect(named["thread", default: []].map { $0["name"] as? String } == index.threads.map(\.name))
        #expect(named["batch", default: []].map { number($0["endIndex"]) } == index.batches.map(\.header.endIndex))
        #expect(named["openSpan", default: []].map { number($0["start"]) } == index.openSpans.map(\.start))
        let snapshot = try #require(named["snapshot"]?.first)
        #expect(number(snapshot["from"]) == index.snapshot?.from)
        #expect(snapshot["processName"] as? String == index.snapshot?.processName)
        let lanes = index.generations.flatMap(\.lanes)
        #expect(named["lane", default: []].map { number($0["events"]) } == lanes.map(\.events))
        let gaps = named["lane", default: []].map { ($0["gaps"] as? [[NSNumber]] ?? []).map { $0.map(\.uint64Value) } }
        #expect(gaps == lanes.map { $0.gaps.map { [$0.firstIndex, $0.count] } })
    }

    private static func equal(_ found: Any, _ value: ArgumentValue) -> Bool {
        switch value {
        case .unsigned(let number), .pointer(let number): return self.number(found) == number
        case .signed(let number): return (found as? NSNumber)?.int64Value == number
        case .double(let number): return found as? String == "bits:" + hexadecimal(number.bitPattern, 16)
        case .float(let number): return found as? String == "bits:" + hexadecimal(UInt64(number.bitPattern), 8)
        case .boolean(let flag): return found as? Bool == flag
        case .staticString(let text): return found as? String == text
        case .string(let text, let isTruncated):
            let pair = found as? [String: Any]
            return pair?["text"] as? String == text && pair?["truncated"] as? Bool == isTruncated
        }
    }

    private static func hexadecimal(_ bits: UInt64, _ digits: Int) -> String {
        let text = String(bits, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }
}

private enum Oracle {
    static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Oracles/frec.py").path

    static let isThere =
        FileManager.default.fileExists(atPath: script)
        && (try? Program.run("/usr/bin/env", ["python3", "--version"], in: NSTemporaryDirectory()).status) == 0

    static func run(_ file: String, in directory: String) throws -> Program.Result {
        try Program.run("/usr/bin/env", ["python3", script, file], in: directory)
    }

    static func lines(_ result: Program.Result) throws -> [[String: Any]] {
        try result.output.split(separator: UInt8(ascii: "\n")).map {
            try #require(try JSONSerialization.jsonObject(with: $0) as? [String: Any])
        }
    }
}
