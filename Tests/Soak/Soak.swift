import ArgumentParser
import ConsoleSupport
import FlightRecording
import Foundation
import Synchronization
import TraceCore
import TraceFormats
import TraceTestSupport

@main
struct Soak: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract:
            "Records at full rate for a long time, while threads and subscribers come and go and snapshots are taken.",
        discussion: """
            Exit status 1: an event is not accounted for, something that was read is not whole, or memory grew.
            """)

    @Option(help: "How long.") var seconds = 1800.0
    @Flag(help: "Print JSON.") var json = false

    static let event = Event2<UInt64, UInt64>("tick", category: "soak", "thread", "sequence")

    func validate() throws {
        guard seconds >= 1 else { throw ValidationError("--seconds is \(seconds), allowed is 1 or more") }
    }

    func run() throws {
        let run = SoakRun()
        try run.run(seconds: seconds)
        let result = run.result
        if json {
            try Console.print(json: result)
        } else {
            print(result.text)
        }
        if !result.problems.isEmpty { throw ExitCode(1) }
    }
}

struct SoakResult: Encodable {
    var seconds = 0.0
    var emitted: UInt64 = 0
    /// By the subscriber that is there all the time.
    var delivered: UInt64 = 0
    var lost: UInt64 = 0
    var threads = 0
    var snapshots = 0
    var subscribers = 0
    var generations = 0
    /// Resident bytes, the most of each half of the time.
    var residentBefore = 0
    var residentAfter = 0
    var problems: [String] = []

    var text: String {
        let rate = Double(emitted) / seconds / 1e6
        let growth = Double(residentAfter - residentBefore) / 1_048_576
        let ending = problems.isEmpty ? "nothing wrong" : "FAILED\n    " + problems.joined(separator: "\n    ")
        return """
            \(Int(seconds)) s: \(emitted) events (\(String(format: "%.1f", rate)) M/s) = \(delivered) delivered + \(lost) lost
            \(threads) threads, \(subscribers) subscribers, \(snapshots) snapshots, \(generations) generations
            resident \(residentBefore >> 10) KiB, then \(residentAfter >> 10) KiB (\(String(format: "%+.2f", growth)) MiB)
            \(ending)
            """
    }
}

/// What threads of a run share.
final class SoakRun: Sendable {
    private let state = Mutex(SoakResult())
    private let isEnding = Atomic(false)
    private let ending = DispatchSemaphore(value: 0)
    private let nextThread = Atomic<UInt64>(0)
    /// Threads of this run that go on until the end.
    private let helpers = DispatchGroup()

    var result: SoakResult { state.withLock { $0 } }

    private static let eventsOfAThread: UInt64 = 50_000
    private static let allowedGrowth = 2 << 20

    func run(seconds: Double) throws {
        let recorder = FlightRecorder(configuration: .init(minimumAge: .milliseconds(400), maximumBytes: 8 << 20))
        try recorder.start()
        defer { recorder.stop() }
        let stream = TraceStream()
        try stream.start()
        let counting = DispatchGroup()
        start(counting) { self.count(stream) }
        for _ in 0..<2 { start(helpers) { self.emit() } }
        start(helpers) { self.subscribe() }
        start(helpers) { self.snapshot(recorder) }

        let begin = DispatchTime.now()
        func elapsed() -> Double { Double(DispatchTime.now().uptimeNanoseconds - begin.uptimeNanoseconds) / 1e9 }
        let interval = DispatchTimeInterval.milliseconds(Int(min(0.5, seconds / 20) * 1000))
        // A helper that is at its end before its time has reported why; the others go on.
        while elapsed() < seconds, helpers.wait(timeout: .now() + interval) == .timedOut {
            let (resident, now) = (Self.residentByteCount(), elapsed())
            // The first tenth fills what is filled once.
            if now > seconds / 10 {
                state.withLock {
                    if now < seconds / 2 {
                        $0.residentBefore = max($0.residentBefore, resident)
                    } else {
                        $0.residentAfter = max($0.residentAfter, resident)
                    }
                }
            }
            if Console.errorIsTerminal { Console.write("\r\(Int(now)) of \(Int(seconds)) s") }
        }
        if Console.errorIsTerminal { Console.write("\r") }
        isEnding.store(true, ordering: .relaxed)
        ending.signal()
        helpers.wait()
        // What was emitted before this is delivered, or counted as lost.
        stream.stop()
        counting.wait()
        state.withLock {
            $0.seconds = elapsed()
            $0.lost += stream.statistics.lostSince?.events ?? 0
            if $0.emitted != $0.delivered + $0.lost {
                $0.problems.append("\($0.emitted) events emitted, \($0.delivered + $0.lost) accounted for")
            }
            if $0.residentAfter > $0.residentBefore + Self.allowedGrowth { $0.problems.append("memory grows") }
            if $0.snapshots == 0 || $0.subscribers == 0 { $0.problems.append("no snapshots, or no subscribers") }
        }
    }

    private func start(_ group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
        group.enter()
        Thread {
            body()
            group.leave()
        }.start()
    }

    private func report(_ problem: String) {
        state.withLock { if $0.problems.count < 20 { $0.problems.append(problem) } }
    }

    /// One thread after the other, each of which emits and exits.
    private func emit() {
        while !isEnding.load(ordering: .relaxed) {
            let group = DispatchGroup()
            start(group) {
                let number = self.nextThread.add(1, ordering: .relaxed).newValue
                for sequence in 0..<Self.eventsOfAThread { Soak.event.emit(number, sequence) }
                self.state.withLock {
                    $0.emitted += Self.eventsOfAThread
                    $0.threads += 1
                }
            }
            group.wait()
        }
    }

    /// All the time: everything is delivered or counted as lost.
    private func count(_ stream: TraceStream) {
        while let generation = stream.next() {
            let delivered = check(generation)
            state.withLock {
                $0.generations += 1
                $0.delivered += delivered
                $0.lost += generation.end.lost + (generation.lostBefore?.events ?? 0)
            }
        }
    }

    /// A thread's events are there one after the other, in lanes without a gap. Returns how many events are there.
    @discardableResult
    private func check(_ generation: TraceGeneration) -> UInt64 {
        var expected: [UInt64: UInt64] = [:]
        var count: UInt64 = 0
        let hasGaps = generation.end.lanes.contains { !$0.gaps.isEmpty || $0.isTruncated }
        do {
            try generation.forEachRecord { record, _, _ in
                guard record.lostCount == nil else { return }
                count += 1
                guard record.schema == Soak.event.state.id else { return }
                let (thread, sequence) = (record.words.0, record.words.1)
                if !hasGaps, let next = expected[thread], next != sequence {
                    report("generation \(generation.number): \(sequence) of thread \(thread) behind \(next - 1)")
                }
                expected[thread] = sequence + 1
            }
        } catch {
            report("generation \(generation.number): \(error)")
        }
        return count
    }

    private func subscribe() {
        while !isEnding.load(ordering: .relaxed) {
            let stream = TraceStream()
            do { try stream.start() } catch { return report("a subscriber: \(error)") }
            for _ in 0..<3 {
                guard let generation = stream.next(timeout: .seconds(10)) else {
                    report("a subscriber got nothing for 10 s")
                    break
                }
                check(generation)
            }
            stream.stop()
            state.withLock { $0.subscribers += 1 }
        }
    }

    private func snapshot(_ recorder: FlightRecorder) {
        var number = 0
        while !isEnding.load(ordering: .relaxed) {
            do {
                if number % 20 == 0 {
                    var sink = MemorySink(capacity: 12 << 20)
                    try recorder.snapshot(to: &sink)
                    for violation in FileVerifier.violations(sink.bytes).prefix(3) {
                        report("snapshot \(number): byte \(violation.offset): \(violation.what)")
                    }
                } else {
                    var sink = DiscardingSink()
                    try recorder.snapshot(to: &sink)
                }
            } catch {
                report("snapshot \(number): \(error)")
            }
            number += 1
            state.withLock { $0.snapshots += 1 }
            // The pace, unless it ends.
            _ = ending.wait(timeout: .now() + .milliseconds(50))
        }
    }

    private static func residentByteCount() -> Int {
        #if os(Linux)
            let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
            let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
        #else
            return 0
        #endif
    }
}
