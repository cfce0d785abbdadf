import Foundation
import Synchronization

/// One cache line that goes to and fro between the two threads of a pair: the canary, and the floor of all hand-overs.
struct PingPong: @unchecked Sendable {
    /// Even: the caller's turn. Odd: the helper's. Alone on its line and on the adjacent one.
    private let ball: UnsafeMutablePointer<Atomic<UInt32>>
    private let line: UnsafeMutableRawPointer

    init() {
        line = .allocate(byteCount: 256, alignment: 256)
        ball = line.initializeMemory(as: Atomic<UInt32>.self, to: Atomic(0))
    }

    func deallocate() { line.deallocate() }

    /// How often the ball was hit since the last game began.
    var hits: Int { Int(ball.pointee.load(ordering: .acquiring)) }

    /// Plays `trips` round trips, in the context's unit.
    func play(_ trips: Int, in context: inout SampleContext) throws -> Sample {
        ball.pointee.store(0, ordering: .relaxed)
        let abandoned = context.abandoned
        let patience = context.isOversubscribed ? 0 : 0xFFFF
        return try context.race(
            operations: trips,
            producer: { for trip in 0..<UInt32(trips) { hit(at: 2 * trip + 1, patience, abandoned) } },
            consumer: { for trip in 0..<UInt32(trips) { hit(at: 2 * trip, patience, abandoned) } })
    }

    /// Waits for `value` and answers with the next one. No pause: that would add its own length to the round trip.
    ///
    /// - Parameter patience: a mask: how many turns to spin before the processor is given up.
    @inline(__always)
    private func hit(at value: UInt32, _ patience: Int, _ abandoned: AbandonFlag) {
        var turns = 0
        while ball.pointee.load(ordering: .acquiring) != value {
            turns &+= 1
            guard turns & patience == 0 else { continue }
            if abandoned.isRaised { return }
            sched_yield()
        }
        ball.pointee.store(value &+ 1, ordering: .releasing)
    }
}

/// A short ping-pong that tells the regime: the median of five bursts, about 0.3 ms in all.
enum Canary {
    static let bursts = 5
    static let trips = 500

    /// Nanoseconds per round trip.
    static func measure(on pair: ThreadPair) throws -> Double {
        let game = PingPong()
        defer { game.deallocate() }
        var context = SampleContext(seed: 0, unit: .nanosecondsPerOperation, pair: pair)
        var bursts: [Double] = []
        for _ in 0..<Self.bursts { bursts.append(try game.play(trips, in: &context).value) }
        return bursts.sorted()[Self.bursts / 2]
    }
}
