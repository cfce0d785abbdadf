import BenchLoad
import FlightRecording
import Foundation
import Harness
import TraceCore

/// A subscriber with a thread of its own, which looks at each generation that it is given.
final class Subscriber {
    enum Manner {
        /// Looks at the batches' headers, and decodes the records now and then.
        case prompt
        /// Takes 20 ms over each.
        case slow
        /// Keeps what it is given, until it is given nothing more.
        case stuck
    }

    private let stream = TraceStream()
    private let begin: LaneAudit.Bounds
    private let result: Result
    private var worker: Worker?

    /// Written by the thread, read once it was joined.
    private final class Result: @unchecked Sendable {
        var audit = LaneAudit()
    }

    /// - Parameter decoding: every so many generations are decoded; 0: none.
    init(_ manner: Manner, decoding: Int, _ shapes: ShapeTable) throws {
        let stream = stream
        begin = try LaneAudit.Bounds { try stream.start() }
        let result = Result()
        self.result = result
        worker = Worker {
            var audit = LaneAudit()
            var kept: [TraceGeneration] = []
            while let generation = stream.next() {
                audit.take(generation)
                if decoding > 0, audit.generations % decoding == 1 % decoding { audit.decode(generation, shapes) }
                switch manner {
                case .prompt: break
                case .slow: usleep(20_000)
                case .stuck: kept.append(generation)
                }
            }
            result.audit = audit
        }
    }

    deinit {
        stream.stop()
        worker?.join()
    }

    /// Ends it. What it was given and what it lost have to be what there was.
    func finish(seed: UInt64, _ name: String) throws -> LaneAudit {
        let end = LaneAudit.Bounds { stream.stop() }
        worker?.join()
        worker = nil
        var audit = result.audit
        audit.add(stream.statistics.lostSince)
        audit.finish(begin, end)
        let statistics = stream.statistics
        if statistics.takenGenerations != UInt64(audit.generations) {
            audit.fail("took \(audit.generations) generations, told \(statistics.takenGenerations)")
        }
        if let failure = audit.failure { throw VerificationFailure(failure, at: name, seed: seed) }
        return audit
    }
}
