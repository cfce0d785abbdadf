import Foundation
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// What Perfetto's trace processor makes of an export agrees with what the timeline tells.
@Suite struct ChromeAgreementTests {
    static func export(_ file: [UInt8]) throws -> [UInt8] {
        var exporter = ChromeExporter(to: MemorySink())
        try Timeline.run(TraceIndex(file.span.bytes), in: file.span.bytes, into: &exporter)
        return try exporter.finish().bytes
    }

    static let queries = [
        "slices": """
        select slice.id, slice.name, category, slice.ts, slice.dur, depth, slice.parent_id, thread.tid, thread.name,
          process.pid, process.name
        from slice join thread_track on slice.track_id = thread_track.id join thread using (utid)
          join process using (upid) order by slice.id
        """,
        "spans": """
        select slice.name, category, slice.ts, slice.dur, depth, extract_arg(slice.arg_set_id, 'args.span')
        from slice where track_id not in (select id from thread_track) order by slice.id
        """,
        "counters": """
        select counter_track.name, ts, value from counter join counter_track on track_id = counter_track.id
        order by counter.id
        """,
        "flows": "select slice_out, slice_in from flow",
    ]

    @Test(.enabled(if: PerfettoOracle.isWanted, PerfettoOracle.howToGet))
    func agrees() throws {
        var traces = AgreementTraces("chrome: Perfetto's trace processor", usual: 20)
        for seeds in traces.portions {
            let files = try seeds.map { try RandomTrace.file(seed: $0) }
            let answers = try PerfettoOracle.ask(try files.map(Self.export), named: "json", Self.queries)
            for (seed, (file, answer)) in zip(seeds, zip(files, answers)) {
                #expect(answer.errors == [], "seed \(seed)")
                let check = ChromeCheck(
                    seed: seed, expected: try ExpectedTimeline(file, isOneFlowANumber: false), rows: answer.rows)
                try check.all()
            }
            try traces.agreed(files)
        }
        traces.tell()
    }
}

private struct ChromeCheck {
    let seed: UInt64
    let expected: ExpectedTimeline
    let rows: [String: [[PerfettoOracle.Cell]]]
    private typealias Cell = PerfettoOracle.Cell

    func all() throws {
        let places = try slices()
        spans()
        counters()
        flows(places)
    }

    private func slices() throws -> [Int64: (thread: Int, place: Int)] {
        var found: [Int: [[Cell]]] = [:]
        var places: [Int64: (thread: Int, place: Int)] = [:]
        for row in rows["slices"]! {
            let thread = try #require(
                expected.threads.firstIndex {
                    [.integer(Int64($0.id)), .text($0.name), .integer(4242), .text("random")] == row[7...]
                }, "seed \(seed): \(row)")
            places[row[0].integer!] = (thread, found[thread]?.count ?? 0)
            found[thread, default: []].append(row)
        }
        for (track, wanted) in expected.slices {
            guard case .thread(let thread) = track else { continue }
            #expect(found[thread]?.count == wanted.count, "seed \(seed) \(track)")
            for (slice, row) in zip(wanted, found[thread] ?? []) {
                let where_ = "seed \(seed) \(track) at \(slice.begin): \(row)"
                #expect(row[1] == .text(slice.name) || slice.name.isEmpty, "\(where_)")
                #expect(row[2] == .text(slice.category) || slice.category.isEmpty, "\(where_)")
                #expect(row[3] == .integer(slice.begin) && row[4] == .integer(slice.end - slice.begin), "\(where_)")
                #expect(row[5] == .integer(Int64(slice.depth)), "\(where_)")
                #expect(row[6].integer.flatMap { places[$0]?.place } == slice.parent, "\(where_)")
            }
        }
        return places
    }

    /// Asynchronous spans and losses, each on a track of its own.
    private func spans() {
        let found = rows["spans"]!.map { Array($0[..<5]) }
        var wanted: [[Cell]] = []
        for (track, slices) in expected.slices {
            if case .thread = track { continue }
            for slice in slices {
                wanted.append([
                    .text(slice.name), .text(slice.lost == nil ? slice.category : "lost events"),
                    .integer(slice.begin), .integer(slice.end - slice.begin), .integer(0),
                ])
            }
        }
        let difference = Self.counts(found).filter { Self.counts(wanted)[$0.key] != $0.value }
        #expect(found.count == wanted.count && difference.isEmpty, "seed \(seed): \(difference)")
    }

    private static func counts(_ rows: [[Cell]]) -> [[Cell]: Int] {
        rows.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    private func counters() {
        let found = rows["counters"]!.map {
            ExpectedTimeline.Counter(
                name: $0[0].text ?? "", unit: "", time: $0[1].integer ?? 0, value: $0[2].real ?? .nan)
        }
        let wanted = expected.counters.map {
            ExpectedTimeline.Counter(name: "\($0.name) \($0.unit)", unit: "", time: $0.time, value: $0.value)
        }
        #expect(found.difference(from: wanted).map { $0 } == [], "seed \(seed)")
    }

    private func flows(_ places: [Int64: (thread: Int, place: Int)]) {
        let found = rows["flows"]!.compactMap { row -> ExpectedTimeline.Arrow? in
            guard let out = places[row[0].integer!], let into = places[row[1].integer!] else { return nil }
            return .init(fromThread: out.thread, from: out.place, toThread: into.thread, to: into.place)
        }
        #expect(found.count == rows["flows"]!.count, "seed \(seed)")
        #expect(Set(found).symmetricDifference(expected.arrows) == [], "seed \(seed)")
    }
}
