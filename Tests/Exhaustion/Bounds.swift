import FlightRecording
import Foundation
import Synchronization
import TraceCore
import TraceFormats
import TraceTestSupport

extension Shortage {
    /// 10,000 threads that live at the same time, each with a lane and a page; then as many again, with the same lanes.
    static let threads = Shortage(name: "threads") { findings in
        try configure { ($0.pageByteCount, $0.maximumBytes, $0.maximumThreads) = (4096, 256 << 20, 10_016) }
        let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(600), maximumBytes: 256 << 20))
        try recorder.start()
        for wave in 1...2 as ClosedRange<UInt64> {
            try crowd(10_000) { _ in emit(20) }
            let found = try findings.expectSnapshot(of: recorder)
            findings.expect(found == wave * 200_000, "\(found) events of \(wave * 200_000)")
        }
        let (lost, uncounted) = (TraceStore.usage?.lost ?? 0, Trace.uncounted)
        findings.expect(lost == 0 && uncounted == 0, "\(lost) events lost, \(uncounted) not counted")
        findings.figures = "twice 10,000 at the same time, 400,000 events: all found"
    }

    /// More threads than lanes: whoever has none has its events counted, and no other is disturbed.
    static let lanes = Shortage(name: "lanes") { findings in
        try configure { ($0.pageByteCount, $0.maximumBytes, $0.maximumThreads) = (4096, 16 << 20, 100) }
        let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(600), maximumBytes: 16 << 20))
        try recorder.start()
        try crowd(2000) { _ in emit(50) }
        let found = try findings.expectSnapshot(of: recorder)
        let uncounted = Trace.uncounted
        findings.expect(found > 0 && found + uncounted == 100_000, "\(found) events, \(uncounted) not recorded")
        // All of those are gone.
        emit(1000)
        let after = try findings.expectSnapshot(of: recorder)
        findings.expect(after == found + 1000, "\(after - found) events of 1000 after the crowd has gone")
        findings.figures = "2,000 threads at 100 lanes: 100,000 events = \(found) found + \(uncounted) counted"
    }

    /// Threads that come and go, each with a page that it has begun: what they emitted is there, or counted.
    static let turnover = Shortage(name: "turnover") { findings in
        try configure { ($0.pageByteCount, $0.maximumBytes, $0.maximumThreads) = (4096, 1 << 20, 16) }
        let stream = TraceStream()
        try stream.start()
        for _ in 0..<50_000 { onThreads(2) { _ in emit(3) } }
        stream.stop()
        var account = Account()
        account.take(from: stream)
        let all = account.delivered + account.lost + (stream.statistics.lostSince?.events ?? 0)
        let uncounted = Trace.uncounted
        findings.expect(
            all == 300_000 && uncounted == 0, "\(all) events of 300000, \(uncounted) had no lane")
        findings.figures =
            "100,000 threads, two at a time, at 16 lanes: 300,000 events, all delivered or told as lost"
    }

    /// Stores of as few pages as there can be, and more threads than pages.
    static let pages = Shortage(name: "pages") { findings in
        var figures: [String] = []
        for pageByteCount in [4096, 8192, 16384, 32768] {
            try configure { ($0.pageByteCount, $0.maximumBytes) = (pageByteCount, 64 << 10) }
            let recorder = FlightRecorder(configuration: .init(maximumBytes: 64 << 10))
            try recorder.start()
            let stream = TraceStream()
            try stream.start()
            let before = (recorded: TraceStore.usage?.events ?? 0, uncounted: Trace.uncounted)
            onThreads(8) { _ in emit(50_000) }
            let emitted = (TraceStore.usage?.events ?? 0) - before.recorded + Trace.uncounted - before.uncounted
            findings.expect(emitted == 400_000, "pages of \(pageByteCount): \(emitted) events of 400000 counted")
            try findings.expectSnapshot(of: recorder)
            stream.stop()
            var account = Account()
            account.take(from: stream)
            let lost = account.lost + (stream.statistics.lostSince?.events ?? 0)
            let streamed = account.delivered + lost + Trace.uncounted - before.uncounted
            findings.expect(streamed == 400_000, "pages of \(pageByteCount): a stream accounts for \(streamed)")
            recorder.stop()
            figures.append("\((64 << 10) / pageByteCount)")
        }
        findings.expectError("a store of one page", saying: "at least two pages") {
            try configure { ($0.pageByteCount, $0.maximumBytes) = (65536, 64 << 10) }
        }
        findings.figures = "\(figures.joined(separator: ", ")) in all, 8 threads: 400,000 events each, all counted"
    }

    /// Who keeps up is given everything, one of a thousand as well as one alone; who does not is told what was lost.
    static let subscribers = Shortage(name: "subscribers") { findings in
        let recorder = FlightRecorder(configuration: .init(maximumBytes: 8 << 20))
        try recorder.start()
        let streams = (0..<1000).map { _ in TraceStream() }
        for stream in streams { try stream.start() }
        var accounts = streams.map { _ in Account() }
        for round in 1...20 as ClosedRange<UInt64> {
            onThreads(2) { _ in emit(500) }
            // Ends the generation.
            try findings.expectSnapshot(of: recorder)
            for index in streams.indices { accounts[index].take(from: streams[index]) }
            let isComplete = accounts.allSatisfy { $0.delivered == round * 1000 && $0.lost == 0 }
            findings.expect(isComplete, "round \(round): events of \(round * 1000) did not reach every subscriber")
        }
        onThreads(2) { _ in emit(500_000) }
        for index in streams.indices {
            streams[index].stop()
            accounts[index].take(from: streams[index])
            let all =
                accounts[index].delivered + accounts[index].lost + (streams[index].statistics.lostSince?.events ?? 0)
            findings.expect(all == 1_020_000, "subscriber \(index): \(all) events of 1020000 accounted for")
        }
        findings.figures = """
            1,000 that keep up: 20,000 events each, all delivered; that do not: 1,000,000 each, delivered or told as lost
            """
    }

    /// More events than there are numbers, in a file whose list of them is too short; names longer than a file keeps.
    static let events = Shortage(name: "events") { findings in
        try withDirectory { directory in
            let ring = "\(directory)/ring"
            let recorder = FlightRecorder(
                configuration: .init(minimumAge: .seconds(600), maximumBytes: 16 << 20, storage: .file(ring)))
            try recorder.start()
            // Kept: an event lives as long as the process, as a rule in a static property.
            let events = (0..<70_000).map { _ in Unregistered() }
            for event in events { event.event.emit() }
            let uncounted = Trace.uncounted
            let found = try findings.expectSnapshot(of: recorder)
            findings.expect(found == 65_533 || found == 65_534, "\(found) events have a number")
            findings.expect(found + uncounted == 70_000, "\(found) found, \(uncounted) counted")
            let span = SpanEvent("span", category: "exhaustion")
            span.begin()
            span.end()
            findings.expect(Trace.uncounted > uncounted, "a span without a number is not counted")
            let recovered = try ArenaImage(path: ring).recover()
            findings.expect(recovered.unloggedEntries > 0, "the file has a place for every event")
            findings.expect(recovered.events > 0, "nothing was recovered")
            findings.figures = """
                70,000 kinds: \(found) recorded + \(uncounted) counted; of the file, \(recovered.events) recovered, \
                \(recovered.unloggedEntries) kinds not listed
                """
        }
    }

    private final class Unregistered: Sendable {
        let event = Event0("one of many", category: "exhaustion")
    }

    private static func configure(_ change: (inout TraceStore.Configuration) -> Void) throws {
        var configuration = TraceStore.Configuration()
        change(&configuration)
        try TraceStore.configure(configuration)
    }

    /// What a subscriber was given, and what it was told that it was not.
    private struct Account {
        var (delivered, lost) = (0 as UInt64, 0 as UInt64)

        mutating func take(from stream: TraceStream) {
            while let generation = stream.next(timeout: .zero) {
                delivered += generation.events
                lost += generation.end.lost
                lost += generation.lostBefore?.events ?? 0
            }
        }
    }

    /// Calls `body` on so many threads that live at the same time.
    private static func crowd(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) throws {
        let gate = Gate()
        var threads: [SystemThread] = []
        defer {
            gate.open()
            gate.dismiss()
            for thread in threads { thread.join() }
        }
        for index in 0..<count {
            let work = { @Sendable in
                gate.pass()
                body(index)
                gate.leave()
            }
            do { threads.append(try SystemThread(stackByteCount: 64 << 10, work)) } catch {
                throw Refused(description: "the system has only \(index) threads: \(error)")
            }
        }
        gate.open()
        gate.wait(for: count)
    }

    private struct Refused: Error, CustomStringConvertible { let description: String }

    /// Everybody begins when all are there, and leaves when all are done.
    private final class Gate: Sendable {
        private let isOpen = DispatchSemaphore(value: 0)
        private let isDone = DispatchSemaphore(value: 0)
        private let mayLeave = DispatchSemaphore(value: 0)

        func pass() {
            isOpen.wait()
            isOpen.signal()
        }

        func leave() {
            isDone.signal()
            mayLeave.wait()
            mayLeave.signal()
        }

        func open() { isOpen.signal() }
        func wait(for count: Int) { for _ in 0..<count { isDone.wait() } }
        func dismiss() { mayLeave.signal() }
    }
}
