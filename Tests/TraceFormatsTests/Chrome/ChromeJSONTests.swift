import Foundation
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// A strict parser reads an export, and each event in it is what the timeline tells, field by field.
@Suite struct ChromeJSONTests {
    @Test func eachEventIsThatOfTheTimeline() throws {
        var traces = AgreementTraces("chrome: Foundation's parser", usual: 30)
        for seed in traces.portions.joined() {
            let file = try RandomTrace.file(seed: seed, events: 150)
            try check(file, seed: seed)
            try traces.agreed([file])
        }
        traces.tell()
    }

    private func check(_ file: [UInt8], seed: UInt64) throws {
        let sink = try CollectingSink.collect(file)
        let json = try JSONSerialization.jsonObject(with: Data(ChromeAgreementTests.export(file)))
        let all = try #require((json as? [String: Any])?["traceEvents"] as? [[String: Any]])
        let names = all.filter { $0["ph"] as? String == "M" }
        let threads = try ExpectedTimeline(file, isOneFlowANumber: false).threads
        #expect(names.count == threads.filter { !$0.name.isEmpty }.count + 1)
        var events = all.dropFirst(names.count)[...]
        for item in sink.items {
            for phase in Self.phases(item) {
                let next = events.popFirst()
                let event = try #require(next)
                #expect(event["ph"] as? String == phase, "seed \(seed)")
                if case .lost = item.what { continue }
                #expect(event["name"] as? String == item.name && event["cat"] as? String == item.category)
                #expect(event["pid"] as? Int == 4242)
                let zero = sink.context!.index.header.start
                let time = item.time - zero.wall + Int64(zero.monotonic)
                let microseconds = try #require(event["ts"] as? Double)
                #expect(Int64((microseconds * 1000).rounded()) == time)
                if let number = Self.number(item), !["B", "E"].contains(phase) {
                    #expect(event["id"] as? String == "0x\(String(number, radix: 16))")
                }
                // A flow has its arguments at the slice that it goes through; an asynchronous end has its `id`.
                if ["s", "t", "f", "e"].contains(phase) { continue }
                if phase == "E", case .flow = item.what { continue }
                Self.check(event["args"] as? [String: Any] ?? [:], item)
            }
        }
        #expect(events.isEmpty)
    }

    private static func phases(_ item: CollectingSink.Item) -> [String] {
        switch item.what {
        case .spanBegin: ["B"]
        case .spanEnd: ["E"]
        case .asyncBegin: ["b"]
        case .asyncEnd: ["e"]
        case .instant: ["i"]
        case .counter: ["C"]
        case .flow: ["B", item.kind == .flowBegin ? "s" : item.kind == .flowStep ? "t" : "f", "E"]
        case .lost: ["b", "e"]
        }
    }

    private static func number(_ item: CollectingSink.Item) -> UInt64? {
        switch item.what {
        case .asyncBegin(let span, _), .asyncEnd(let span, _): span.number
        case .flow(let number): number
        default: nil
        }
    }

    private static func check(_ found: [String: Any], _ item: CollectingSink.Item) {
        var count = item.arguments.count
        for argument in item.arguments {
            let name = item.kind == .counter && !argument.unit.isEmpty ? argument.unit : argument.name
            let value = found[name]
            func exact<Number: FixedWidthInteger>(_ number: Number) -> Bool {
                if item.kind != .counter, Double(number).magnitude > 0x1p53 { return value as? String == "\(number)" }
                return (value as? NSNumber).map { "\($0)" == "\(number)" } ?? false
            }
            let isRight =
                switch argument.value {
                case .unsigned(let number): exact(number)
                case .signed(let number): exact(number)
                // Foundation's doubles of what its parser takes for a decimal are off by a place or two, its digits are not.
                case .double(let number): (value as? NSNumber).flatMap { Double("\($0)") } == number
                case .float(let number): (value as? NSNumber).map { Float($0.doubleValue) } == number
                case .boolean(let flag): value as? Bool == flag
                case .pointer(let number): value as? String == "0x\(String(number, radix: 16))"
                case .staticString(let text), .string(let text, _):
                    (value as? String).map { Array($0.utf8) } == Array(text.utf8)
                }
            #expect(isRight, "\(name): \(value ?? "none") for \(argument.value)")
            if case .string(_, isTruncated: true) = argument.value {
                count += 1
                #expect(found["\(name) truncated"] as? Bool == true)
            }
        }
        switch item.what {
        case .spanBegin(isCutOff: true), .asyncBegin(_, isCutOff: true):
            count += 1
            #expect(found["cut off"] as? Bool == true)
        case .spanEnd(isUnfinished: true):
            count += 1
            #expect(found["unfinished"] as? Bool == true)
        default: break
        }
        if case .asyncBegin(let span, _) = item.what, let name = span.taskName {
            count += 1
            #expect(found["task name"] as? String == name)
        }
        #expect(found.count == count, "\(found)")
    }
}
