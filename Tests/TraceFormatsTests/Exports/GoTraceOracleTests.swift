import Foundation
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// What Go's reader finds in exports, against what the timeline told.
@Suite struct GoTraceOracleTests {
    @Test(
        .enabled(if: ExportOracle.go.isEnabled, "needs Go's reader: scripts/oracles go"), .timeLimit(.minutes(60)))
    func anEventIsMissingOrDiffers() throws {
        var seen: Set<ExportTests.Case> = []
        try ExportTests.forEachPortion("go: Go's own reader") { files, directory in
            var paths: [String] = []
            for (number, file) in files.enumerated() {
                let export = try Self.export(file)
                _ = try GoTraceScanner.count(export.span.bytes)
                let url = directory.url.appending(path: "\(number).trace")
                try Data(export).write(to: url)
                paths.append(url.path)
            }
            let found = try ExportOracle.go.read(paths)
            #expect(found.count == files.count)
            for (number, lines) in found.enumerated() {
                let sink = try CollectingSink.collect(files[number])
                seen.formUnion(sink.items.map { .init($0.what) })
                try Self.compare(lines, sink, "file \(number)")
            }
        }
        #expect(seen == Set(ExportTests.Case.allCases))
    }

    /// Of events of the same time in several threads, Go's order is any. It moves them apart by a nanosecond each.
    private static func compare(_ lines: [Substring], _ sink: CollectingSink, _ what: String) throws {
        var expected = GoExpectation(sink)
        let wanted = expected.lanes()
        #expect(lines.last == "events \(wanted.values.reduce(0) { $0 + $1.count })", "\(what)")
        var last = Int64.min
        var places: [Int: Int] = [:]
        for line in lines.dropLast() {
            let parts = line.split(separator: "|", maxSplits: 2)
            let (lane, time) = (Int(parts[0])!, Int64(parts[1])!)
            if parts[2] != "sync" {
                let place = places[lane, default: 0]
                let entry = try #require(wanted[lane]?.dropFirst(place).first, "\(what): \(line)")
                let moved = "\(lane)|\(max(entry.time, last + 1))|\(entry.text)"
                try #require(line == moved, "\(what), event \(place) of its thread")
                places[lane] = place + 1
            }
            last = time
        }
    }

    /// Whatever becomes of a damaged file: if it is exported, Go takes it.
    @Test(
        .enabled(if: ExportOracle.go.isEnabled, "needs Go's reader: scripts/oracles go"), .timeLimit(.minutes(60)))
    func theExportOfADamagedFileIsRefused() throws {
        let directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: 1)
        var paths: [String] = []
        for seed in 0..<24 as Range<UInt64> {
            var file = try RandomTrace.file(seed: seed, events: 60)
            for _ in 0..<Int(seed % 5) + 1 {
                file[Int.random(in: 64..<file.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let export = try? Self.export(file) else { continue }
            let url = directory.url.appending(path: "\(seed).trace")
            try Data(export).write(to: url)
            paths.append(url.path)
        }
        #expect(paths.count > 10)
        for (path, lines) in zip(paths, try ExportOracle.go.read(paths)) {
            #expect(lines.last?.hasPrefix("events ") == true, "\(path): \(lines.last ?? "")")
        }
    }

    static func export(_ file: [UInt8]) throws -> [UInt8] {
        let bytes = file.span.bytes
        var exporter = GoTraceExporter(to: MemorySink())
        try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
        return try exporter.finish().bytes
    }
}

/// The lines of `go-trace-dump` for a timeline, without the lane, and with times as they were written.
private struct GoExpectation {
    let sink: CollectingSink
    private let context: TimelineContext
    private let base: Int64
    private var latest: Int64?
    private var last: [Int: Int64] = [:]
    private var output: [Int: [(time: Int64, text: String)]] = [:]
    private var tasks: [UInt64: (task: Int, name: String)] = [:]
    private var taskCount = 0

    init(_ sink: CollectingSink) {
        self.sink = sink
        context = sink.context!
        base = min(context.start, context.time(units: context.index.span.lowerBound))
    }

    mutating func lanes() -> [Int: [(time: Int64, text: String)]] {
        for item in sink.items { take(item) }
        return output
    }

    private mutating func take(_ item: CollectingSink.Item) {
        let both = item.category.isEmpty ? item.name : "\(item.category)/\(item.name)"
        switch item.what {
        case .spanBegin(let isCutOff):
            add(item, "begin", 0, "", both)
            if isCutOff { add(item, "log", 0, "flight recorder", "cut off: \(item.name)") }
            if !item.arguments.isEmpty { add(item, "log", 0, item.category, text(item)) }
        case .spanEnd(let isUnfinished):
            if isUnfinished { add(item, "log", 0, "flight recorder", "unfinished: \(item.name)") }
            add(item, "end", 0, "", both)
        case .asyncBegin(let span, let isCutOff):
            taskCount += 1
            tasks[span.number] = (taskCount, both)
            if isCutOff {
                let time = min(item.time, latest ?? item.time)
                add(context.threads.count, time, -1, "taskBegin", taskCount, "", both)
            } else {
                add(item, "taskBegin", taskCount, "", both)
                let name = span.taskName.map { " task name=\"\($0)\"" } ?? ""
                add(item, "log", taskCount, item.category, text(item) + name)
            }
        case .asyncEnd(let span, let isUnfinished):
            let (task, name) = tasks.removeValue(forKey: span.number)!
            if isUnfinished { add(item, "log", task, "flight recorder", "unfinished: \(item.name)") }
            add(item, "taskEnd", task, "", name)
        case .instant, .counter: add(item, "log", 0, item.category, text(item))
        case .flow:
            let step = [EventKind.flowBegin: "begin", .flowStep: "step", .flowEnd: "end"][item.kind]!
            add(item, "log", 0, item.category, text(item, " (flow \(step))"))
        case .lost(_, let count): add(item, "log", 0, "flight recorder", "lost \(count) events")
        }
    }

    private mutating func add(
        _ item: CollectingSink.Item, _ kind: String, _ task: Int, _ category: String, _ text: String
    ) {
        latest = max(latest ?? .min, item.time)
        add(item.thread, item.time, 0, kind, task, category, text)
    }

    private mutating func add(
        _ lane: Int, _ time: Int64, _ shift: Int64, _ kind: String, _ task: Int, _ category: String, _ text: String
    ) {
        let time = max(max(time, base) + shift, last[lane] ?? .min)
        // The states of its processor and goroutine.
        if last[lane] == nil { output[lane + 1] = [(time, "state|0||"), (time, "state|0||")] }
        last[lane] = time
        output[lane + 1]!.append((time, "\(kind)|\(task)|\(cut(category))|\(cut(text))"))
    }

    private func cut(_ text: String) -> String {
        var bytes = Array(text.utf8.prefix(1024))
        while String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
        return ExportTests.escaped(String(decoding: bytes, as: UTF8.self))
    }

    private func text(_ item: CollectingSink.Item, _ step: String = "") -> String {
        item.name + step
            + item.arguments.map { argument in
                " \(argument.name)\(argument.unit.isEmpty ? "" : " (\(argument.unit))")=\(text(argument.value))"
            }.joined()
    }

    private func text(_ value: ArgumentValue) -> String {
        switch value {
        case .unsigned(let number): "\(number)"
        case .signed(let number): "\(number)"
        case .double(let number): "\(number)"
        case .float(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .pointer(let number): "0x" + String(number, radix: 16)
        case .staticString(let text): "\"\(text)\""
        case .string(let text, let isTruncated): "\"\(text)\(isTruncated ? "…" : "")\""
        }
    }
}
