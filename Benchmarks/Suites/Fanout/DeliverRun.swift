import BenchLoad
import FlightRecording
import Foundation
import Harness
import TraceCore

/// One run, all on one thread, so that what is timed is the work and not who runs when: a generation is filled, ended, taken by
/// each subscriber and let go.
struct DeliverRun {
    enum Figure: Hashable {
        /// Of one subscriber and generation: what it adds to the end of the generation, the taking, and the letting go.
        case shared(Int)
        /// The same, with a copy of the generation for each, as recorders without pages in common have to make.
        case copied(Int)
        /// What one more adds, from 1 to the most.
        case oneMore, oneMoreCopied
    }

    let byteCount: Int
    let counts: [Int]
    let generations: Int

    static let eventCount: UInt64 = Build.configuration == "debug" ? 2000 : 1 << 16

    private struct Times {
        var none: [Double] = []
        var shared: [Double] = []
        var copied: [Double] = []
    }

    func run(seed: UInt64) throws -> [Figure: Double] {
        var configuration = TraceStore.Configuration()
        configuration.generationPeriod = .seconds(3600)
        try TraceStore.configure(configuration)
        let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(36000), maximumBytes: byteCount))
        try recorder.start()
        defer { recorder.stop() }
        // A thread of its own: its lane has seen nothing else.
        nonisolated(unsafe) var outcome: Result<[Figure: Double], any Error>?
        Worker {
            Processors.pin(to: 0)
            outcome = Result { try measure(recorder, seed) }
        }.join()
        return try outcome!.get()
    }

    private func measure(_ recorder: FlightRecorder, _ seed: UInt64) throws -> [Figure: Double] {
        let source = WordSource()
        var none: Double = 0
        var figures: [Figure: Double] = [:]
        var totals: [Int: (shared: Double, copied: Double)] = [:]
        for count in counts {
            let streams = (0..<count).map { _ in TraceStream() }
            for stream in streams { try stream.start() }
            defer { for stream in streams { stream.stop() } }
            let copies = CopyEach(subscribers: count)
            let shapes = ShapeTable(Trace.schemas)
            var times = Times()
            var audits = [LaneAudit](repeating: LaneAudit(), count: count)
            // Each start ended a generation, in which nothing was emitted.
            for (number, stream) in streams.enumerated() {
                while let empty = stream.next(timeout: .zero) { audits[number].take(empty) }
            }
            for turn in 0..<generations + 1 {
                source.emit(Self.eventCount)
                let first = Ticks.now()
                try recorder.withSnapshot { _ in }
                let second = Ticks.now()
                var taken: [TraceGeneration] = []
                taken.reserveCapacity(count)
                let third = Ticks.now()
                for stream in streams { if let next = stream.next(timeout: .zero) { taken.append(next) } }
                let fourth = Ticks.now()
                guard taken.count == count else {
                    throw VerificationFailure("\(taken.count) of \(count) have it", at: "turn \(turn)", seed: seed)
                }
                for (number, generation) in taken.enumerated() {
                    audits[number].take(generation)
                    if number == turn % count { audits[number].decode(generation, shapes) }
                }
                let copying = try taken.first.map { try copies.measure($0, seed: seed) } ?? 0
                let fifth = Ticks.now()
                taken.removeAll(keepingCapacity: true)
                let sixth = Ticks.now()
                // The first is warm-up.
                guard turn > 0 else { continue }
                let ending = Ticks.nanoseconds(from: first, to: second)
                let taking = Ticks.nanoseconds(from: third, to: fourth)
                let release = Ticks.nanoseconds(from: fifth, to: sixth)
                times.none.append(ending)
                times.shared.append(ending + taking + release)
                times.copied.append(ending + (taking + release) / Double(max(count, 1)) + copying)
            }
            for (number, audit) in audits.enumerated() {
                if let failure = audit.failure {
                    throw VerificationFailure(failure, at: "subscriber \(number) of \(count)", seed: seed)
                }
                guard audit.lost == 0, audit.events == Self.eventCount * UInt64(generations + 1) else {
                    throw VerificationFailure(
                        "\(audit.events) events, \(audit.lost) lost", at: "subscriber \(number)", seed: seed)
                }
            }
            if count == 0 {
                none = times.none.median
            } else {
                totals[count] = (times.shared.median, times.copied.median)
                figures[.shared(count)] = max(times.shared.median - none, 0) / Double(count)
                figures[.copied(count)] = max(times.copied.median - none, 0) / Double(count)
            }
        }
        if let one = totals[1], let most = counts.max(), most > 1, let all = totals[most] {
            figures[.oneMore] = max(all.shared - one.shared, 0) / Double(most - 1)
            figures[.oneMoreCopied] = max(all.copied - one.copied, 0) / Double(most - 1)
        }
        return figures
    }
}

/// Emits on one thread, each event with the number of its place.
private final class WordSource {
    private var index: UInt64 = 0

    func emit(_ count: UInt64) {
        WordLoad.emit(index..<index + count)
        index += count
    }
}
