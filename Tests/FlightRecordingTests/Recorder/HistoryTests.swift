import Testing

@testable import FlightRecording
@testable import TraceCore

/// Which boundaries of the past windows may begin at, after so many that most were forgotten.
@Suite struct GenerationHistories {
    private func boundary(_ generation: UInt64, at nanoseconds: UInt64) -> GenerationBoundary {
        GenerationBoundary(
            cut: GenerationCut(generation: generation, positions: []),
            clock: ClockPair(ticks: nanoseconds, monotonic: nanoseconds, wall: 0, width: 0), hand: 0)
    }

    /// The period of streams under load.
    @Test func windowOfAnAgeIsLittleOlderThanAskedForHoweverShortGenerationsAre() throws {
        let period: UInt64 = 2_000_000
        var history = GenerationHistory()
        let count: UInt64 = 3_000
        for number in 1...count { history.append(boundary(number, at: number * period)) }
        let end = try #require(history.boundaries.last)
        #expect(end.generation == count && history.boundaries.count <= GenerationHistory.capacity)
        #expect(history.previous(to: end)?.generation == count - 1)
        for generations in [200, 500, 1000] as [UInt64] {
            let age = generations * period
            let begin = try #require(history.last(atLeast: age, before: end))
            let covered = end.clock.monotonic - begin.clock.monotonic
            #expect(covered >= age && covered < age * 3 / 2 + period, "\(age) ns: \(covered)")
        }
    }
}
