import Foundation
import Synchronization

/// A ball that two threads hit in turn: the canary, and the floor of all hand-overs.
///
///     one line:   both sides wait for the other's number in it and answer there
///     two lines:  each side writes its own and waits for the other's
struct PingPong: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    private let lines: Int

    /// - Parameter lines: 1 or 2.
    init(lines: Int = 1) {
        precondition((1...2).contains(lines), "a ping-pong over \(lines) lines")
        self.lines = lines
        // Each alone on its line and on the adjacent one.
        memory = .allocate(byteCount: 256 * 2, alignment: 256)
        for side in 0..<2 { (memory + 256 * side).initializeMemory(as: Atomic<UInt32>.self, to: Atomic(0)) }
    }

    func deallocate() { memory.deallocate() }

    /// Where a side's hits go: the number of hits of both so far.
    private func ball(of side: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
        (memory + 256 * (side & (lines - 1))).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    /// How often the ball was hit since the last game began.
    var hits: Int { (0..<2).map { Int(ball(of: $0).pointee.load(ordering: .acquiring)) }.max()! }

    /// Plays `trips` round trips, in the context's unit.
    func play(_ trips: Int, in context: inout SampleContext) throws -> Sample {
        for side in 0..<2 { ball(of: side).pointee.store(0, ordering: .relaxed) }
        let abandoned = context.abandoned
        let patience = context.isOversubscribed ? 0 : 0xFFFF
        return try context.race(
            operations: trips,
            producer: { for trip in 0..<UInt32(trips) { answer(2 * trip + 1, from: 0, patience, abandoned) } },
            consumer: { for trip in 0..<UInt32(trips) { answer(2 * trip, from: 1, patience, abandoned) } })
    }

    /// Waits for `value` on the other side's line, that of `side`, and answers with the next one. No pause: that would add
    /// its own length to the round trip.
    ///
    /// - Parameter patience: a mask: how many turns to spin before the processor is given up.
    @inline(__always)
    private func answer(_ value: UInt32, from side: Int, _ patience: Int, _ abandoned: AbandonFlag) {
        let (incoming, outgoing) = (ball(of: side), ball(of: 1 - side))
        var turns = 0
        while incoming.pointee.load(ordering: .acquiring) != value {
            turns &+= 1
            guard turns & patience == 0 else { continue }
            if abandoned.isRaised { return }
            sched_yield()
        }
        outgoing.pointee.store(value &+ 1, ordering: .releasing)
    }
}

/// Two short ping-pongs that tell the distance: the medians of a few bursts each, about half a millisecond in all.
enum Canary {
    static let bursts = 3
    static let trips = 500

    static func measure(on pair: ThreadPair) throws -> CanaryReading {
        try CanaryReading(line: roundTrip(lines: 1, on: pair), perDirection: roundTrip(lines: 2, on: pair))
    }

    private static func roundTrip(lines: Int, on pair: ThreadPair) throws -> Double {
        let game = PingPong(lines: lines)
        defer { game.deallocate() }
        var context = SampleContext(seed: 0, unit: .nanosecondsPerOperation, pair: pair)
        var bursts: [Double] = []
        for _ in 0..<Self.bursts { bursts.append(try game.play(trips, in: &context).value) }
        return bursts.sorted()[Self.bursts / 2]
    }
}
