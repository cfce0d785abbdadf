import ArgumentParser
import ConsoleSupport
import TraceCore
import TraceFormats

struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Makes a snapshot of the file that a killed process recorded into.",
        discussion: """
            RING is what a recorder with .file(path) leaves behind when its process is killed. It is not written to, so this may \
            be done again. What does not decode is left out, and told; the status is then 1, and the snapshot holds the rest.

            Examples:
              flightrec recover /dev/shm/server.ring -o crash.frec
              flightrec recover server.ring -o crash.frec --json | jq .events
            """)

    @OptionGroup var ring: RingOptions

    func run() throws {
        try ring.run(reason: {
            $0.owner == nil ? "recovered after the process had ended" : "recovered while the process lived"
        }) {
            trace in
            guard let owner = trace.owner else { return nil }
            return "process \(owner) still records into it: this is its window as of now, as with flightrec attach"
        }
    }
}

struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Makes a snapshot of the window of a process that runs, from outside.",
        discussion: """
            RING is the file that the process records into, with .file(path). The process is not stopped, not asked, and does \
            not notice; it may be stopped, or hang. If it has ended, this is refused: use flightrec recover.

            Examples:
              flightrec attach /dev/shm/server.ring -o now.frec
            """)

    @OptionGroup var ring: RingOptions

    func run() throws {
        let image = try ring.open()
        guard image.owner != nil else {
            throw UsageError("\(ring.ring): no process records into it any more: flightrec recover reads it")
        }
        try ring.run(reason: { _ in "attached from outside" }) { trace in
            trace.owner == nil ? "the process has ended meanwhile" : nil
        }
    }
}

/// What both commands do.
struct RingOptions: ParsableArguments {
    @Argument(help: "The file that a process records or recorded into.", completion: .file()) var ring: String
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to.", valueName: "snapshot"), completion: .file())
    var output: String
    @Option(help: ArgumentHelp("How many problems to print.", valueName: "n")) var limit = 100
    @Flag(help: "Print JSON.") var json = false

    private struct Report: Encodable {
        struct Problem: Encodable {
            var offset: Int
            var page: Int?
            var cause: String
        }
        var ring: String
        var snapshot: String
        var process: UInt32
        var processName: String
        var isAlive: Bool
        var from: String
        var to: String
        var events: UInt64
        var lost: UInt64
        var pages: Int
        var threads: Int
        var openSpans: Int
        var unloggedEntries: UInt64
        var note: String?
        var problemCount: Int
        var problems: [Problem]
    }

    func open() throws -> ArenaImage {
        do {
            return try ArenaImage(path: ring)
        } catch let error as ArenaError {
            throw BadContent(ring, error)
        }
    }

    /// - Parameters:
    ///   - reason: for the snapshot.
    ///   - note: what there is to say besides.
    func run(reason: (RecoveredTrace) -> String, note: (RecoveredTrace) -> String?) throws {
        let trace: RecoveredTrace
        do {
            trace = try open().recover()
        } catch let error as ArenaError {
            throw BadContent(ring, error)
        }
        try trace.write(to: PartialFile(path: output), reason: reason(trace)).commit()
        let note = note(trace)
        if json { try JSONPrinting.print(report(trace, note)) } else { show(trace, note) }
        if trace.problemCount > 0 || trace.unloggedEntries > 0 { throw ExitCode(Status.bad) }
    }

    private func report(_ trace: RecoveredTrace, _ note: String?) -> Report {
        Report(
            ring: ring, snapshot: output, process: trace.snapshot.process, processName: trace.snapshot.processName,
            isAlive: trace.owner != nil, from: time(trace.snapshot.from, trace), to: time(trace.snapshot.to, trace),
            events: trace.events, lost: trace.lost, pages: trace.pageCount, threads: trace.threads.count,
            openSpans: trace.openSpans.count, unloggedEntries: trace.unloggedEntries, note: note,
            problemCount: trace.problemCount,
            problems: trace.problems.prefix(max(limit, 0)).map {
                .init(offset: $0.offset, page: $0.page, cause: $0.cause)
            })
    }

    private func show(_ trace: RecoveredTrace, _ note: String?) {
        let name = trace.snapshot.processName.isEmpty ? "" : " (\(Figure.name(trace.snapshot.processName, 40)))"
        let ending = trace.owner != nil ? "records" : trace.isEnded ? "had ended its recording" : "broke off"
        print("\(ring): process \(trace.snapshot.process)\(name) \(ending)")
        if let note { print("\(ring): \(note)") }
        let parts = [
            Figure.count(trace.events, "event", "events"), "\(Figure.count(trace.lost)) lost",
            Figure.count(trace.pageCount, "page", "pages"), Figure.count(trace.lanes.count, "lane", "lanes"),
            Figure.count(trace.openSpans.count, "open span", "open spans"),
        ]
        print("\(output): \(parts.joined(separator: ", "))")
        print("\(output): complete from \(time(trace.snapshot.from, trace)) to \(time(trace.snapshot.to, trace))")
        if trace.unloggedEntries > 0 {
            print("\(ring): \(Figure.count(trace.unloggedEntries)) schemas or texts found no room in the file's log")
        }
        for problem in trace.problems.prefix(max(limit, 0)) { print("\(ring): left out: \(problem)") }
        let more = trace.problemCount - min(trace.problems.count, max(limit, 0))
        if more > 0 { print("\(ring): and \(Figure.count(more, "other", "others")): --limit shows more") }
    }

    private func time(_ units: UInt64, _ trace: RecoveredTrace) -> String {
        JSONPrinting.time(trace.header.conversion.wallClock(units: units, timeShift: trace.header.timeShift))
    }
}
