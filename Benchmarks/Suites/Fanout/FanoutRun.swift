import BenchLoad
import FlightRecording
import Foundation
import Harness
import Histogram
import TraceCore

/// One run: writers flat out, and one number of subscribers after the other, in turns on the same threads.
struct FanoutRun {
    /// Who subscribes.
    struct Phase: Hashable {
        var subscribers: Int
        var other: Other?

        enum Other: String {
            case slow, stuck
        }
    }

    struct Figure: Hashable {
        enum Kind: Hashable {
            case emit, p99, p9999, rate
            /// By a subscriber: the one beside the others, where there are any.
            case generations, gigabytes, delivered
            /// Of one subscriber and generation: processor time of the thread that ends generations and wakes who waits. The
            /// first one brings the finding of the pages with it.
            case ending
        }
        var kind: Kind
        var phase: Phase
    }

    let byteCount: Int
    let writers: Int
    let phases: [Phase]
    let milliseconds: Int

    private static let recorderThread = "flight-recorder"

    func run(seed: UInt64) throws -> [Figure: Double] {
        let loaded = try LoadedRecorder(byteCount: byteCount, writers: writers, timedPhases: phases.count + 1)
        let shapes = ShapeTable(Trace.schemas)
        // Subscribers inherit this: they stay off the writers' processors where there are enough.
        if Processors.allowed.count > writers { Processors.pin(to: writers) }
        defer { Processors.unpin() }
        var random = SplitMix64(seed: seed)
        var figures: [Figure: Double] = [:]
        var costs: [Phase: Double] = [:]
        for number in phases.indices.shuffled(using: &random) {
            let phase = phases[number]
            loaded.load.enter(phase: phases.count)
            var subscribers = try (0..<phase.subscribers).map {
                // Of each so many generations, each decodes one: together, one or two of them all.
                try Subscriber(.prompt, decoding: 8 * max(phase.subscribers / 4, 1) + $0 % 2, shapes)
            }
            switch phase.other {
            case .slow: subscribers.append(try Subscriber(.slow, decoding: 0, shapes))
            case .stuck: subscribers.append(try Subscriber(.stuck, decoding: 0, shapes))
            case nil: break
            }
            let start = Ticks.now()
            let before = TraceStore.usage
            let timeBefore = ThreadTimes.nanoseconds(named: Self.recorderThread)
            loaded.load.enter(phase: number)
            usleep(UInt32(milliseconds * 1000))
            // Where something else had the writers' processors meanwhile: until they have been timed at least once.
            while (TraceStore.usage?.events ?? .max) - (before?.events ?? 0) < 16 * WordLoad.runLength * UInt64(writers)
            {
                usleep(1000)
            }
            loaded.load.enter(phase: phases.count)
            let timeAfter = ThreadTimes.nanoseconds(named: Self.recorderThread)
            let after = TraceStore.usage
            let seconds = Ticks.nanoseconds(from: start, to: Ticks.now()) / 1e9
            let audits = try subscribers.enumerated().map {
                try $0.element.finish(seed: seed, "subscriber \($0.offset) of \(phase)")
            }
            guard let before, let after else { throw VerificationFailure("no store", at: "\(phase)", seed: seed) }
            figures[Figure(kind: .rate, phase: phase)] =
                Double(after.events - before.events) / seconds / Double(writers)
            costs[phase] =
                Double(timeAfter - timeBefore) / Double(max(after.generations - before.generations, 1))
            // The last is the slow one or the stuck one.
            let fair = phase.other == nil ? audits : Array(audits.dropLast())
            guard !fair.isEmpty else { continue }
            func mean(_ value: (LaneAudit) -> Double) -> Double {
                fair.reduce(0) { $0 + value($1) } / Double(fair.count)
            }
            figures[Figure(kind: .generations, phase: phase)] = mean { Double($0.generations) / seconds }
            figures[Figure(kind: .gigabytes, phase: phase)] = mean { Double($0.byteCount) / seconds / 1e9 }
            figures[Figure(kind: .delivered, phase: phase)] = mean {
                Double($0.events) / Double(max($0.events + $0.lost, 1))
            }
        }
        let counts = loaded.load.stop()
        let lanes = Trace.arena?.lanes ?? []
        guard lanes.map(\.events).sorted() == counts.sorted(), lanes.allSatisfy({ $0.lost == 0 }) else {
            throw VerificationFailure("\(counts) events emitted, \(lanes) counted", at: "the lanes", seed: seed)
        }
        for (number, phase) in phases.enumerated() {
            let runs = loaded.load.runs(phase: number)
            let singles = loaded.load.singles(phase: number)
            guard runs.totalCount > 0 else { throw VerificationFailure("no emit", at: "\(phase)", seed: seed) }
            figures[Figure(kind: .emit, phase: phase)] =
                Ticks.nanoseconds(from: 0, to: runs.valueAtPercentile(50)) / Double(WordLoad.runLength)
            figures[Figure(kind: .p99, phase: phase)] = Ticks.nanoseconds(from: 0, to: singles.valueAtPercentile(99))
            figures[Figure(kind: .p9999, phase: phase)] = Ticks.nanoseconds(
                from: 0, to: singles.valueAtPercentile(99.99))
            if let cost = costs[phase], phase.subscribers > 0 {
                figures[Figure(kind: .ending, phase: phase)] = cost / Double(phase.subscribers)
            }
        }
        return figures
    }
}
