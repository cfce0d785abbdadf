import Foundation
import Testing
import TraceCore
import TraceFormats

/// The built program, as a user or a script calls it.
@Suite(.serialized, .enabled(if: Program.path != nil, "the flightrec executable was not built beside the tests"))
struct CommandTests {
    @Test func aUsageErrorOrAFileThatCannotBeReadEndsWith2() throws {
        let scratch = try TemporaryDirectory()
        let file = try scratch.write(try RandomTrace.file(seed: 1), to: "a.frec")
        for arguments in [
            ["--nonsense"], ["info"], ["info", "/nowhere.frec"], ["info", scratch.path],
            ["export", file, "--format", "x"],
            ["export", file, "--format", "sqlite", "-o", "-"], ["cut", file], ["cut", file, "--from", "x", "-o", "b"],
            ["cut", file, "--event", "no such event", "-o", scratch.file("b")], ["recover"], ["attach"],
            ["cut", file, "--thread", "nobody", "-o", scratch.file("b")], ["merge", "-o", "x"], ["diff", file],
            ["export", file, "-o", "/nowhere/x"], ["cut", file, "--from", "2s", "--to", "1s", "-o", scratch.file("b")],
        ] {
            let result = try Program.run(arguments, in: scratch.path)
            #expect(result.status == 2, "\(arguments): \(result.error)")
            #expect(result.error.contains("rror: "), "\(arguments): \(result.error)")
            #expect(result.output.isEmpty, "\(arguments)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["a.frec"])
    }

    @Test func helpTeachesAndCompletionsAreMade() throws {
        for command in ["demo", "info", "view", "export", "cut", "merge", "diff", "verify", "recover", "attach"] {
            let result = try Program.run([command, "--help"])
            #expect(result.status == 0)
            #expect(result.text.contains("Examples:") && result.text.contains("flightrec \(command) "), "\(command)")
        }
        let help = try Program.run(["--help"]).text
        for word in ["demo", "export", "Exit status", "flightrec info", "recover", "attach"] {
            #expect(help.contains(word), "\(word)")
        }
        for shell in ["bash", "zsh", "fish"] {
            let script = try Program.run(["--generate-completion-script", shell])
            #expect(script.status == 0 && script.text.contains("flightrec"))
        }
    }

    @Test func aNewcomersFirstFile() throws {
        let scratch = try TemporaryDirectory()
        let start = ContinuousClock.now
        let demo = try Program.run(["demo", "-o", scratch.file("demo.frec")])
        #expect(demo.status == 0, "\(demo.error)")
        // On a machine that does much else; two seconds is what a user waits.
        #expect(ContinuousClock.now - start < .seconds(20))
        #expect(try Program.run(["verify", scratch.file("demo.frec")]).status == 0)
        let sink = try CollectingSink.collect(scratch.read("demo.frec"))
        let kinds = Dictionary(grouping: sink.items, by: \.kind).mapValues(\.count)
        #expect(kinds[.end, default: 0] + kinds[.asyncEnd, default: 0] >= 3000)
        for kind in [EventKind.counter, .flowBegin, .flowStep, .flowEnd, .instant] {
            #expect(kinds[kind, default: 0] > 0)
        }
        #expect(sink.items.contains { $0.what == .spanEnd(isUnfinished: true) })
        #expect(sink.items.contains { $0.name == "error" })
        #expect(
            sink.items.contains { if case .asyncBegin(let span, _) = $0.what { span.taskName != nil } else { false } })
        #expect(sink.context?.threads.contains { $0.name == "disk writer" } == true)
        let context = try #require(sink.context)
        #expect(context.threads.count >= 2)
        #expect(context.end - context.start < 5_000_000_000)
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func infoTellsWhatTheTimelineTells(seed: UInt64) throws {
        let scratch = try TemporaryDirectory()
        let bytes = try RandomTrace.file(seed: seed)
        let file = try scratch.write(bytes, to: "a.frec")
        let sink = try CollectingSink.collect(bytes)
        let context = try #require(sink.context)
        let result = try Program.run(["info", file, "--json"])
        #expect(result.status == 0, "\(result.error)")
        let info = try #require(JSONSerialization.jsonObject(with: result.output) as? [String: Any])
        #expect(info["from"] as? String == WallTime(nanoseconds: context.start).text)
        #expect(info["duration"] as? Int64 == context.end - context.start)
        #expect(info["lost"] as? UInt64 == context.index.totals.lost)
        let threads = try #require(info["threads"] as? [[String: Any]])
        #expect(threads.map { $0["name"] as? String } == context.threads.map(\.name))
        let events = try #require(info["events"] as? [[String: Any]])
        var durations: [String: [Int64]] = [:]
        var counts: [String: Int] = [:]
        var open: [Int: [Int64]] = [:]
        var asyncs: [UInt64: Int64] = [:]
        for item in sink.items {
            let name = "\(item.category)/\(item.name)"
            switch item.what {
            case .spanBegin: open[item.thread, default: []].append(item.time)
            case .spanEnd: durations[name, default: []].append(item.time - open[item.thread]!.removeLast())
            case .asyncBegin(let span, _): asyncs[span.number] = item.time
            case .asyncEnd(let span, _): durations[name, default: []].append(item.time - asyncs[span.number]!)
            case .lost: break
            default: counts[name, default: 0] += 1
            }
        }
        #expect(events.count == durations.count + counts.count)
        for event in events {
            let name = "\(event["category"]!)/\(event["name"]!)"
            guard let sorted = durations[name]?.sorted() else {
                #expect(event["count"] as? Int == counts[name])
                continue
            }
            #expect(event["count"] as? Int == sorted.count)
            #expect(event["min"] as? Int64 == sorted.first)
            #expect(event["max"] as? Int64 == sorted.last)
            #expect(event["total"] as? Int64 == sorted.reduce(0, +))
            for (key, share) in [("median", 0.5), ("p99", 0.99)] {
                let exact = Double(sorted[Int((share * Double(sorted.count)).rounded(.up)) - 1])
                let found = try #require(event[key] as? Double)
                #expect(abs(found - exact) <= max(exact / 100, 1), "\(name) \(key)")
            }
        }
        let text = try Program.run(["info", file])
        #expect(text.status == 0 && text.text.contains("outer") && !text.text.contains("\u{1B}"), "colours in a pipe")
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func viewNamesTheSlowest(seed: UInt64) throws {
        let scratch = try TemporaryDirectory()
        let file = try scratch.write(try RandomTrace.file(seed: seed), to: "a.frec")
        let result = try Program.run(["view", file, "--json", "--slowest", "1000000"])
        #expect(result.status == 2)
        let view = try Program.run(["view", file, "--json", "--slowest", "100000"])
        let report = try #require(JSONSerialization.jsonObject(with: view.output) as? [String: Any])
        let slowest = try #require(report["slowest"] as? [[String: Any]]).map { $0["duration"] as? Int ?? -1 }
        #expect(slowest == slowest.sorted(by: >))
        let few = try Program.run(["view", file, "--json", "--slowest", "3"])
        let short = try #require(JSONSerialization.jsonObject(with: few.output) as? [String: Any])
        #expect(
            try #require(short["slowest"] as? [[String: Any]]).map { $0["duration"] as? Int ?? -1 }
                == Array(slowest.prefix(3)))
        let bars = try #require(report["histograms"] as? [[String: Any]]).flatMap {
            $0["bars"] as? [[String: Any]] ?? []
        }
        #expect(bars.reduce(0) { $0 + ($1["count"] as? Int ?? 0) } == slowest.count)
        let text = try Program.run(["view", file]).text
        #expect(!text.contains("\u{1B}") && !text.contains("\u{0}"))
    }

    @Test func exportsAreStreamsOrWholeFiles() throws {
        let scratch = try TemporaryDirectory()
        let file = try scratch.write(try RandomTrace.file(seed: 4), to: "a.frec")
        let stream = try Program.run(["export", file, "--format", "ndjson", "-o", "-"])
        #expect(stream.status == 0 && stream.text.hasPrefix("{\"type\":\"process\""))
        let named = try Program.run(["export", "a.frec", "--format", "ndjson"], in: scratch.path)
        #expect(named.status == 0, "\(named.error)")
        #expect(try Data(scratch.read("a.ndjson")) == stream.output)
        let database = try Program.run(["export", "a.frec", "--format", "sqlite"], in: scratch.path)
        #expect(database.status == 0, "\(database.error)")
        #expect(try scratch.read("a.sqlite").starts(with: Array("SQLite format 3".utf8)))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == [
                "a.frec", "a.ndjson", "a.sqlite",
            ])
    }

    @Test func cutTakesTimesOfEachKind() throws {
        let scratch = try TemporaryDirectory()
        let bytes = try SmallFile.make {
            for time in 1...100 { $0.emit(3, UInt64(time), at: UInt64(time) * 1_000_000) }
        }
        let file = try scratch.write(bytes, to: "a.frec")
        let context = try #require(try CollectingSink.collect(bytes).context)
        for (from, to) in [
            ("+10ms", "20ms"), ("0.01s", "+20000us"),
            (
                WallTime(nanoseconds: context.start + 10_000_000).text,
                WallTime(nanoseconds: context.start + 20_000_000).text
            ),
            (
                String(WallTime(nanoseconds: context.start + 10_000_000).text.dropFirst(11)),
                String(WallTime(nanoseconds: context.start + 20_000_000).text.dropFirst(11).dropLast())
            ),
        ] {
            let result = try Program.run(["cut", file, "--from", from, "--to", to, "-o", scratch.file("b.frec")])
            #expect(result.status == 0, "\(from): \(result.error)")
            let items = try CollectingSink.collect(scratch.read("b.frec")).items
            #expect(items.map(\.arguments[0].value) == (11...21).map { .unsigned($0) }, "\(from)")
            #expect(try Program.run(["verify", scratch.file("b.frec")]).status == 0)
        }
        for arguments in [["--thread", "main"], ["--thread", "7"], ["--category", "c"], ["--event", "value"]] {
            let result = try Program.run(["cut", file, "-o", scratch.file("b.frec")] + arguments)
            #expect(result.status == 0, "\(arguments): \(result.error)")
            #expect(try CollectingSink.collect(scratch.read("b.frec")).items.count == 100)
        }
    }

    @Test func mergeAndDiff() throws {
        let scratch = try TemporaryDirectory()
        func spans(_ length: UInt64, start: UInt64, process: UInt32) throws -> [UInt8] {
            try SmallFile.make(start: start, process: process) { writer in
                for number in 1...50 as ClosedRange<UInt64> {
                    writer.emit(1, at: number * 100_000)
                    writer.emit(2, at: number * 100_000 + length)
                }
            }
        }
        let before = try scratch.write(try spans(1000, start: 10, process: 1), to: "before.frec")
        let after = try scratch.write(try spans(3000, start: 20, process: 2), to: "after.frec")
        let diff = try Program.run(["diff", before, after, "--json"])
        #expect(diff.status == 0, "\(diff.error)")
        let report = try #require(JSONSerialization.jsonObject(with: diff.output) as? [String: Any])
        let span = try #require((report["spans"] as? [[String: Any]])?.first)
        #expect(span["name"] as? String == "work")
        #expect(abs((span["medianRatio"] as? Double ?? 0) - 3) < 0.06)
        #expect(span["totalRatio"] as? Double == 3)
        #expect(try Program.run(["diff", before, after]).text.contains("3.0"))
        let merge = try Program.run(["merge", before, after, "-o", scratch.file("both.frec")])
        #expect(merge.status == 0, "\(merge.error)")
        #expect(merge.error.contains("agree within"))
        #expect(try Program.run(["verify", scratch.file("both.frec")]).status == 0)
        #expect(try RecordList(scratch.read("both.frec")).entries.count == 200)
    }
}
