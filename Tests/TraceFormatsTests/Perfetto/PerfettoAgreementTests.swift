import Foundation
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// What Perfetto's trace processor makes of an export agrees with what the timeline tells.
@Suite struct PerfettoAgreementTests {
    static func export(_ file: [UInt8]) throws -> [UInt8] {
        var exporter = PerfettoExporter(to: MemorySink())
        try Timeline.run(TraceIndex(file.span.bytes), in: file.span.bytes, into: &exporter)
        return try exporter.finish().bytes
    }

    static let queries = [
        "problems": "select name, value from stats where severity in ('error', 'data_loss') and value > 0",
        "threads": """
        select track.id, thread.tid, thread.name, process.pid, process.name
        from thread_track track join thread using (utid) join process using (upid)
        where track.type = 'thread_execution'
        """,
        "slices": """
        select slice.id, slice.track_id, slice.name, category, slice.ts, slice.dur, depth, slice.parent_id,
          slice.arg_set_id, track.name, track.parent_id, extract_arg(slice.arg_set_id, 'debug.span'),
          track.type, to_realtime(slice.ts)
        from slice join track on slice.track_id = track.id
        order by slice.id
        """,
        "arguments": """
        select arg_set_id, key, value_type, int_value, real_value, string_value from args
        where key glob 'debug.*' order by id
        """,
        "counters": """
        select counter_track.name, unit, ts, value from counter join counter_track on track_id = counter_track.id
        order by counter.id
        """,
        "flows": "select slice_out, slice_in from flow",
    ]

    @Test(.enabled(if: PerfettoOracle.isWanted, PerfettoOracle.howToGet))
    func agrees() throws {
        var traces = AgreementTraces("perfetto: Perfetto's trace processor", usual: 30)
        for seeds in traces.portions {
            let files = try seeds.map { try RandomTrace.file(seed: $0) }
            let answers = try PerfettoOracle.ask(try files.map(Self.export), named: "pftrace", Self.queries)
            for (seed, (file, answer)) in zip(seeds, zip(files, answers)) {
                let expected = try ExpectedTimeline(file, isOneFlowANumber: true)
                var check = PerfettoCheck(seed: seed, expected, answer)
                try check.all()
            }
            try traces.agreed(files)
        }
        traces.tell()
    }
}

/// One trace.
private struct PerfettoCheck {
    let seed: UInt64
    let expected: ExpectedTimeline
    let answer: PerfettoOracle.Answer
    private typealias Cell = PerfettoOracle.Cell

    /// Arguments by the set that they are in.
    private var arguments: [Int64: [[Cell]]] = [:]
    /// Places of threads, by track.
    private var threads: [Int64: Int] = [:]
    /// Of slices of threads: place of the thread, and place among its slices.
    private var places: [Int64: (thread: Int, place: Int)] = [:]

    init(seed: UInt64, _ expected: ExpectedTimeline, _ answer: PerfettoOracle.Answer) {
        (self.seed, self.expected, self.answer) = (seed, expected, answer)
        for row in answer.rows["arguments"]! { arguments[row[0].integer!, default: []].append(Array(row[1...])) }
    }

    mutating func all() throws {
        #expect(answer.errors == [], "seed \(seed)")
        #expect(answer.rows["problems"]! == [], "seed \(seed)")
        findThreads()
        try slices()
        counters()
        flows()
    }

    private mutating func findThreads() {
        for row in answer.rows["threads"]! {
            let place = expected.threads.firstIndex {
                [.integer(Int64($0.id)), .text($0.name), .integer(4242), .text("random")] == row[1...]
            }
            #expect(place != nil, "seed \(seed): \(row)")
            threads[row[0].integer!] = place
        }
        #expect(Set(threads.values).count == threads.count, "seed \(seed)")
    }

    private mutating func slices() throws {
        var found: [ExpectedTimeline.Track: [[Cell]]] = [:]
        var order: [Int64: Int] = [:]
        for row in answer.rows["slices"]! {
            let track: ExpectedTimeline.Track
            if row[12] == .text("thread_execution") {
                track = .thread(try #require(threads[row[1].integer!], "seed \(seed)"))
            } else if row[9] == .text("lost events") {
                track = .losses(try #require(row[10].integer.flatMap { threads[$0] }, "seed \(seed)"))
            } else {
                track = .span(UInt64(bitPattern: try #require(row[11].integer, "seed \(seed)")))
            }
            let place = found[track]?.count ?? 0
            order[row[0].integer!] = place
            if case .thread(let thread) = track { places[row[0].integer!] = (thread, place) }
            found[track, default: []].append(row)
        }
        #expect(Set(found.keys) == Set(expected.slices.keys), "seed \(seed)")
        for (track, wanted) in expected.slices {
            let rows = found[track] ?? []
            #expect(rows.count == wanted.count, "seed \(seed) \(track)")
            for (slice, row) in zip(wanted, rows) { check(slice, row, order) }
        }
    }

    private func check(_ slice: ExpectedTimeline.Slice, _ row: [Cell], _ order: [Int64: Int]) {
        let where_ = "seed \(seed) \(slice.track) at \(slice.begin)"
        #expect(row[2] == (slice.name.isEmpty ? .null : .text(slice.name)), "\(where_)")
        #expect(row[3] == (slice.category.isEmpty ? .null : .text(slice.category)), "\(where_)")
        #expect(row[4] == .integer(slice.begin) && row[5] == .integer(slice.end - slice.begin), "\(where_)")
        #expect(row[6] == .integer(Int64(slice.depth)), "\(where_) \(row)")
        #expect(row[7].integer.flatMap { order[$0] } == slice.parent, "\(where_)")
        let start = expected.context.index.header.start
        #expect(row[13] == .integer(slice.begin - Int64(start.monotonic) + start.wall), "\(where_)")
        if case .thread = slice.track {} else { #expect(row[9] == .text(slice.trackName), "\(where_)") }
        let found = row[8].integer.flatMap { arguments[$0] } ?? []
        let wanted = Self.arguments(of: slice)
        // Arguments of the begin and of the end come in any order.
        #expect(
            Set(found).symmetricDifference(wanted) == [] && found.count == wanted.count, "\(where_)")
    }

    private static func arguments(of slice: ExpectedTimeline.Slice) -> [[Cell]] {
        var arguments: [[Cell]] = []
        func add(_ name: String, _ type: String, int: Int64? = nil, real: Double? = nil, text: String? = nil) {
            // Texts come up to their first NUL.
            arguments.append([
                .text("debug.\(name)"), .text(type), int.map(Cell.integer) ?? .null, real.map(Cell.real) ?? .null,
                text.map { .text(String($0.prefix { $0 != "\0" })) } ?? .null,
            ])
        }
        for argument in slice.arguments {
            switch argument.value {
            case .unsigned(let value): add(argument.name, "uint", int: Int64(bitPattern: value))
            case .signed(let value): add(argument.name, "int", int: value)
            case .double(let value): add(argument.name, "real", real: value)
            case .float(let value): add(argument.name, "real", real: Double(value))
            case .boolean(let value): add(argument.name, "bool", int: value ? 1 : 0)
            case .pointer(let value): add(argument.name, "pointer", int: Int64(bitPattern: value))
            case .staticString(let value): add(argument.name, "string", text: value)
            case .string(let value, let isTruncated):
                add(argument.name, "string", text: value)
                if isTruncated { add("truncated", "bool", int: 1) }
            }
        }
        if slice.isCutOff { add("cut off", "bool", int: 1) }
        if slice.isUnfinished { add("unfinished", "bool", int: 1) }
        if let lost = slice.lost { add("lost", "uint", int: Int64(lost)) }
        if let span = slice.span, slice.isCutOff { add("span", "uint", int: Int64(bitPattern: span.number)) }
        if let threads = slice.threads {
            add("thread", "uint", int: Int64(threads.begin))
            if let end = threads.end { add("end thread", "uint", int: Int64(end)) }
        }
        return arguments
    }

    private func counters() {
        let found = answer.rows["counters"]!.map {
            ExpectedTimeline.Counter(
                name: $0[0].text ?? "", unit: $0[1].text ?? "", time: $0[2].integer ?? 0, value: $0[3].real ?? .nan)
        }
        #expect(found.difference(from: expected.counters).map { $0 } == [], "seed \(seed)")
    }

    private func flows() {
        let found = answer.rows["flows"]!.compactMap { row -> ExpectedTimeline.Arrow? in
            guard let out = places[row[0].integer!], let into = places[row[1].integer!] else { return nil }
            return .init(fromThread: out.thread, from: out.place, toThread: into.thread, to: into.place)
        }
        #expect(Set(found) == Set(expected.arrows) && found.count == answer.rows["flows"]!.count, "seed \(seed)")
        #expect(found.count == expected.arrows.count, "seed \(seed)")
    }
}
