import Foundation
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// Databases against what the timeline itself tells, read by Python's own SQLite.
@Suite(.enabled(if: Python.hasSQLite, "python3 with sqlite3 is not installed"))
struct SQLiteTests {
    @Test func rowsAreWhatTheTimelineTells() throws {
        var traces = AgreementTraces("sqlite: Python's sqlite3", usual: 200)
        for seeds in traces.portions { try traces.agreed(try check(seeds)) }
        traces.tell()
    }

    private func check(_ seeds: Range<UInt64>) throws -> [[UInt8]] {
        let directory = NSTemporaryDirectory() + "/sqlite-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var expected: [CollectingSink] = []
        let files = try seeds.map { try RandomTrace.file(seed: $0, events: 100) }
        for (number, file) in files.enumerated() {
            expected.append(try CollectingSink.collect(file))
            var exporter = try SQLiteExporter(path: "\(directory)/\(number).db")
            let bytes = file.span.bytes
            try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
            try exporter.finish()
        }
        // One process for all: what each table holds, and what each view gives.
        let data = try Python.run(Self.dump, directory, "\(seeds.count)")
        let databases = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        try #require(databases.count == expected.count)
        for (seed, (database, sink)) in zip(seeds, zip(databases, expected)) {
            try Self.check(database, sink, "seed \(seed)")
        }
        return files
    }

    @Test func aFileThatCannotBeMadeIsNamed() {
        #expect(throws: SQLiteError.self) { _ = try SQLiteExporter(path: "/nowhere/x.db") }
    }

    private static let dump = """
        import json, sqlite3, sys
        out = []
        for number in range(int(sys.argv[2])):
            db = sqlite3.connect("%s/%d.db" % (sys.argv[1], number))
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            one = {}
            for table in ["spans", "events", "counters", "loss", "threads", "meta"]:
                rows = db.execute("SELECT * FROM %s ORDER BY %s" % (table, "key" if table == "meta" else "rowid"))
                one[table] = [dict(zip([c[0] for c in rows.description], row)) for row in rows]
            # In hexadecimal: exact, however the reader of this JSON rounds.
            for row in one["counters"]:
                row["value"] = row["value"].hex()
            one["names"] = {str(r[0]): [r[1], r[2], r[3]] for r in db.execute("SELECT id, name, category, kind FROM names")}
            one["views"] = {v: db.execute("SELECT count(*) FROM (SELECT * FROM %s)" % v).fetchone()[0]
                for v in ["slowest_spans", "span_totals", "event_counts", "thread_totals", "errors"]}
            one["total"] = db.execute("SELECT sum(count) FROM span_totals").fetchone()[0] or 0
            one["orphans"] = db.execute("SELECT count(*) FROM spans c JOIN spans p ON p.id = c.parent "
                "WHERE c.start < p.start OR c.end > p.end OR c.thread <> p.thread OR c.depth <> p.depth + 1").fetchone()[0]
            out.append(one)
        print(json.dumps(out))
        """

    private struct Span: Hashable {
        var name, category: String
        var thread: Int
        var start, end: Int64
        var isAsync, isCutOff, isUnfinished: Bool
        var arguments: Int
    }

    private static func check(_ database: [String: Any], _ sink: CollectingSink, _ label: Comment) throws {
        let context = try #require(sink.context)
        let names = try #require(database["names"] as? [String: [String]])
        func rows(_ table: String) throws -> [[String: Any]] { try #require(database[table] as? [[String: Any]]) }
        func integer(_ row: [String: Any], _ column: String) -> Int64 { (row[column] as? NSNumber)?.int64Value ?? .min }
        func name(_ row: [String: Any]) throws -> [String] { try #require(names["\(integer(row, "name"))"]) }

        var found: [Span: Int] = [:]
        for row in try rows("spans") {
            let name = try name(row)
            #expect(integer(row, "duration") == integer(row, "end") - integer(row, "start"), label)
            #expect(0...integer(row, "duration") ~= integer(row, "self"), label)
            let arguments = try row["args"].flatMap { $0 as? String }.map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]).count
            }
            let span = Span(
                name: name[0], category: name[1], thread: Int(integer(row, "thread")), start: integer(row, "start"),
                end: integer(row, "end"), isAsync: integer(row, "is_async") == 1,
                isCutOff: integer(row, "cut_off") == 1, isUnfinished: integer(row, "unfinished") == 1,
                arguments: arguments ?? 0)
            found[span, default: 0] += 1
        }
        let (spans, events, counters, losses) = expectation(sink)
        #expect(found == spans, label)
        #expect(database["orphans"] as? Int == 0, label)
        #expect(
            try rows("events").map { "\(integer($0, "time")) \(try name($0)[0]) \(integer($0, "number"))" } == events,
            label)
        let values = try rows("counters").map { ($0["value"] as? String).flatMap { Double($0) } ?? .nan }
        #expect(values == counters, label)
        #expect(try rows("loss").map { integer($0, "count") } == losses, label)
        #expect(try rows("threads").map { $0["name"] as? String } == context.threads.map(\.name), label)
        let views = try #require(database["views"] as? [String: Int])
        #expect(views["slowest_spans"] == found.values.reduce(0, +), label)
        #expect(database["total"] as? Int == views["slowest_spans"], label)
        #expect(views["thread_totals"] == context.threads.count, label)
    }

    private static func expectation(
        _ sink: CollectingSink
    ) -> (spans: [Span: Int], events: [String], counters: [Double], losses: [Int64]) {
        var spans: [Span: Int] = [:]
        var (events, counters, losses): ([String], [Double], [Int64]) = ([], [], [])
        var open: [Int: [CollectingSink.Item]] = [:]
        var asyncs: [UInt64: CollectingSink.Item] = [:]
        func add(
            _ begin: CollectingSink.Item, _ end: CollectingSink.Item, isAsync: Bool, _ cut: Bool, _ unfinished: Bool
        ) {
            let span = Span(
                name: begin.name, category: begin.category, thread: begin.thread, start: begin.time,
                end: max(begin.time, end.time), isAsync: isAsync, isCutOff: cut, isUnfinished: unfinished,
                arguments: begin.arguments.count)
            spans[span, default: 0] += 1
        }
        for item in sink.items {
            switch item.what {
            case .spanBegin: open[item.thread, default: []].append(item)
            case .spanEnd(let unfinished):
                let begin = open[item.thread]!.removeLast()
                add(begin, item, isAsync: false, begin.what == .spanBegin(isCutOff: true), unfinished)
            case .asyncBegin(let span, _): asyncs[span.number] = item
            case .asyncEnd(let span, let unfinished):
                let begin = asyncs.removeValue(forKey: span.number)!
                add(begin, item, isAsync: true, begin.what == .asyncBegin(span, isCutOff: true), unfinished)
            case .instant: events.append("\(item.time) \(item.name) \(Int64.min)")
            case .flow(let number): events.append("\(item.time) \(item.name) \(number)")
            case .counter: counters.append(item.arguments[0].value.number!)
            case .lost(_, let count): losses.append(Int64(count))
            }
        }
        return (spans, events, counters, losses)
    }
}

/// The oracle.
private enum Python {
    static let hasSQLite = (try? run("import sqlite3")) != nil

    static func run(_ script: String, _ arguments: String...) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        struct Failed: Error {}
        guard process.terminationStatus == 0 else { throw Failed() }
        return data
    }
}
