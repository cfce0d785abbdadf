import Foundation
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// What babeltrace2 finds in exports, against what the timeline told.
@Suite struct CTFOracleTests {
    @Test(
        .enabled(if: ExportOracle.babeltrace.isEnabled, "needs babeltrace2: scripts/oracles babeltrace"),
        .timeLimit(.minutes(60)))
    func anEventIsMissingOrDiffers() throws {
        var seen: Set<ExportTests.Case> = []
        try ExportTests.forEachPortion("ctf: babeltrace2") { files, directory in
            var paths: [String] = []
            for (number, file) in files.enumerated() {
                let path = directory.url.appending(path: "\(number).ctf").path
                try Self.export(file, to: path)
                paths.append(path)
            }
            let found = try ExportOracle.babeltrace.read(paths)
            #expect(found.count == files.count)
            for (number, lines) in found.enumerated() {
                var expected = CTFExpectation(try CollectingSink.collect(files[number]))
                ExportTests.expectEqual(lines, expected.lines(), "file \(number)")
                seen.formUnion(expected.sink.items.map { .init($0.what) })
            }
        }
        #expect(seen == Set(ExportTests.Case.allCases))
    }

    @Test func aFailedExportLeavesADirectory() throws {
        let directory = try TemporaryDirectory()
        let path = directory.url.appending(path: "a.ctf").path
        var file = try RandomTrace.file(seed: 3)
        try Self.export(file, to: path)
        // Not in place of one that is there.
        #expect(throws: FileError.self) { try Self.export(file, to: path) }
        // No id of a record, in the middle of all batches.
        let index = try TraceIndex(file.span.bytes)
        for batch in index.batches {
            for place in batch.records { file[place] = 253 }
        }
        #expect(throws: DecodingError.self) { try Self.export(file, to: path + "2") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == ["a.ctf"])
    }

    static func export(_ file: [UInt8], to path: String) throws {
        let bytes = file.span.bytes
        var exporter = try CTFExporter(directory: path)
        try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
        try exporter.finish()
    }
}

/// The lines of `ctf-dump.py` for a timeline.
private struct CTFExpectation {
    let sink: CollectingSink
    private let context: TimelineContext
    private let base: Int64
    private var latest: Int64?
    /// By lane: of what has begun.
    private var last: [Int: Int64] = [:]
    private var output: [Int: [String]] = [:]

    init(_ sink: CollectingSink) {
        self.sink = sink
        context = sink.context!
        base =
            ([context.start, context.time(units: context.index.span.lowerBound)]
            + context.index.openSpans.map { [context] in context.time(units: $0.start) }).min()!
    }

    mutating func lines() -> [String] {
        for item in sink.items { take(item) }
        return output.keys.sorted().flatMap { output[$0]! } + ["streams \(last.count)"]
    }

    private mutating func take(_ item: CollectingSink.Item) {
        var lane = item.thread
        var time = item.time
        var name = item.category.isEmpty ? item.name : "\(item.category):\(item.name)"
        if name.isEmpty { name = "unnamed" }
        var fields = item.arguments.map { "\($0.name.isEmpty ? "field" : $0.name)=\(value($0.value))" }
        switch item.what {
        case .spanBegin(let isCutOff): name += isCutOff ? "_begin_cut_off" : "_begin"
        case .spanEnd(let isUnfinished): name += isUnfinished ? "_end_unfinished" : "_end"
        case .asyncBegin(let span, isCutOff: false):
            name += "_async_begin"
            fields.append("task_name=s" + ExportTests.escaped(span.taskName ?? ""))
        case .asyncBegin(let span, isCutOff: true):
            name += "_async_begin_cut_off"
            fields = ["span=n\(span.number)"]
            lane = context.threads.count
            time = min(time, latest ?? time)
        case .asyncEnd(_, isUnfinished: false): name += "_async_end"
        case .asyncEnd(let span, isUnfinished: true):
            name += "_async_end_unfinished"
            fields = ["span=n\(span.number)"]
        case .instant: break
        case .counter: name += "_counter"
        case .flow:
            name += [EventKind.flowBegin: "_flow_begin", .flowStep: "_flow_step", .flowEnd: "_flow_end"][item.kind]!
        case .lost(let from, let count):
            let begin = last[lane] ?? max(from, base)
            let end = max(begin, time)
            last[lane] = end
            add(lane, "\(begin)|lost|\(end)|\(count)")
            return
        }
        if lane == item.thread { latest = max(latest ?? .min, time) }
        time = max(time, last[lane] ?? base)
        last[lane] = time
        add(lane, "\(time)|\(shown(name))|\(fields.joined(separator: ","))")
    }

    private mutating func add(_ lane: Int, _ line: String) {
        let isEarly = lane == context.threads.count
        let name = isEarly ? "before the window" : context.threads[lane].name
        let number = isEarly ? 0 : context.threads[lane].lane
        output[lane, default: []].append("\(ExportTests.escaped(name))#\(number)|\(line)")
    }

    private func shown(_ text: String) -> String {
        ExportTests.escaped(text.replacingOccurrences(of: "\0", with: "␀"))
    }

    private func value(_ value: ArgumentValue) -> String {
        switch value {
        case .unsigned(let number), .pointer(let number): "n\(number)"
        case .signed(let number): "n\(number)"
        case .double(let number): "d" + ExportTests.hexadecimal(number.bitPattern, digits: 16)
        case .float(let number): "f" + ExportTests.hexadecimal(number.bitPattern, digits: 8)
        case .boolean(let value): value ? "n1" : "n0"
        case .staticString(let text): "s" + shown(text)
        case .string(let text, let isTruncated): "s" + shown(isTruncated ? text + "…" : text)
        }
    }
}
