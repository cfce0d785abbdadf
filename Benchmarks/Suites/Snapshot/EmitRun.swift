import BenchLoad
import FlightRecording
import Foundation
import Harness
import Histogram

/// One run: how long single emits take without snapshots, and with one every 100 ms, in turns on the same threads.
struct EmitRun {
    enum Phase: Int, CaseIterable {
        case quiet, discard, tmpfs
    }

    struct Figure: Hashable {
        var phase: Phase
        /// Nil: p99.99 as a share of the quiet phase's.
        var percentile: Double?
    }

    let byteCount: Int
    let writers: Int
    /// How often each phase comes: 100 ms and one snapshot each time.
    let turns: Int

    static let percentiles = [50, 99, 99.99]

    func run(seed: UInt64) throws -> [Figure: Double] {
        let memory = try RunDirectory.memory()
        let stage = try RecorderStage(
            byteCount: byteCount, writers: writers, timedPhases: Phase.allCases.count, seed: seed)
        var taken: [TakenSnapshot] = []
        // The writers share processors with this thread where there are no more: it stays off the first one's.
        if Processors.allowed.count > writers { Processors.pin(to: writers) }
        defer { Processors.unpin() }
        for turn in 0..<turns {
            for step in Phase.allCases.indices {
                let phase = Phase.allCases[(step + turn + Int(seed % 3)) % Phase.allCases.count]
                let end = Ticks.now() + UInt64(Ticks.perSecond / 10)
                stage.load.enter(phase: phase.rawValue)
                switch phase {
                case .quiet: break
                case .discard: taken.append(try stage.discard())
                case .tmpfs: taken.append(try stage.write(to: memory.newPath()))
                }
                let left = Ticks.nanoseconds(from: Ticks.now(), to: end)
                usleep(UInt32(left / 1000))
            }
        }
        let counts = stage.load.stop()
        for snapshot in taken { try snapshot.verify(stage.check) }
        try checkConservation(counts, stage)
        var figures: [Figure: Double] = [:]
        for phase in Phase.allCases {
            let lengths = stage.load.singles(phase: phase.rawValue)
            guard lengths.totalCount > 0 else { throw stage.check.failure("no emit was timed", "\(phase)") }
            for percentile in Self.percentiles {
                figures[Figure(phase: phase, percentile: percentile)] = Ticks.nanoseconds(
                    from: 0, to: lengths.valueAtPercentile(percentile))
            }
        }
        for phase in [Phase.discard, .tmpfs] {
            if let with = figures[Figure(phase: phase, percentile: 99.99)],
                let without = figures[Figure(phase: .quiet, percentile: 99.99)]
            {
                figures[Figure(phase: phase)] = with / without
            }
        }
        return figures
    }

    /// All that was emitted has been counted, and nothing found no page.
    private func checkConservation(_ counts: [UInt64], _ stage: RecorderStage) throws {
        let lanes = Trace.arena?.lanes ?? []
        guard lanes.map(\.events).sorted() == counts.sorted(), lanes.allSatisfy({ $0.lost == 0 }) else {
            throw stage.check.failure("\(counts) events emitted, \(lanes) counted", "the lanes")
        }
    }
}
