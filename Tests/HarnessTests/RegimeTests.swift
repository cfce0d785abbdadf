import Testing

@testable import Harness

extension PinnedTests.RegimeTests {
    @Test func aCanaryFallsIntoTheWrongRegime() {
        #expect([70, 92, 93.9].map { Regime(canary: $0) } == [.near, .near, .near])
        #expect([94, 170, 249].map { Regime(canary: $0) } == [.usual, .usual, .usual])
        #expect([250, 350, 1e6].map { Regime(canary: $0) } == [.far, .far, .far])
    }

    @Test(.enabled(if: Processors.allowed.count >= 2, "a regime takes two processors"))
    func samplesOfDifferentRegimesShareAMedian() throws {
        let session = Fixture.session(rounds: 9)
        // The machine moves from near to far after every third sample, and a sample's value tells where it was.
        var samples = 0
        session.measureCanary = { _ in (samples / 3) % 2 == 0 ? 80 : 400 }
        var pending: Double = 0
        let contender = Contender(
            suite: "demo", case: "case", strategy: "a", origin: .library, unit: .nanosecondsPerOperation, threads: 2
        ) { _ in
            pending = (samples / 3) % 2 == 0 ? 1 : 1000
            return Sample(value: pending)
        }
        session.onProgress = { _ in samples += 1 }
        let outcome = session.run([contender])
        #expect(outcome.rows.map(\.regime) == [.near, .far])
        #expect(outcome.rows.map(\.spread.median) == [1, 1000])
        #expect(outcome.rows.map(\.canaryNs) == [80, 400])
        #expect(outcome.rows.map(\.spread.count).reduce(0, +) == 9)
        #expect(outcome.discarded == 0)
    }

    @Test(.enabled(if: Processors.allowed.count >= 2, "a regime takes two processors"))
    func closeProcessorsShareARowWithOthers() throws {
        let session = Fixture.session(rounds: 6)
        var samples = 0
        session.measureCanary = { _ in CanaryReading(line: 60, perDirection: samples % 2 == 0 ? 48 : 110) }
        session.onProgress = { _ in samples += 1 }
        let outcome = session.run([Fixture.contender("a", threads: 2)])
        #expect(outcome.rows.map(\.regime) == [.near, .near])
        #expect(outcome.rows.map { $0.parameters["two-lines"] } == ["under-80ns", nil])
        #expect(outcome.rows.map(\.spread.count) == [3, 3])
    }

    @Test(.enabled(if: Processors.allowed.count >= 2, "a regime takes two processors"))
    func aSampleDuringWhichTheRegimeChangedIsKept() throws {
        let session = Fixture.session(rounds: 4)
        var canaries = 0
        // Every other sample sees the machine move; it moves back before the next attempt.
        session.measureCanary = { _ in
            canaries += 1
            return canaries % 4 == 2 ? 400 : 80
        }
        let log = Log()
        let outcome = session.run([Fixture.contender("a", threads: 2, log: log)])
        #expect(outcome.rows.map(\.regime) == [.near])
        #expect(outcome.rows.first?.spread.count == 4)
        #expect(outcome.discarded == 5, "one in each round, and in the warm-up")
        #expect(log.entries.count == 10)
    }

    @Test(.enabled(if: Processors.allowed.count >= 2, "a regime takes two processors"))
    func aRestlessMachineKeepsTheRunFromEnding() {
        let session = Fixture.session(rounds: 3)
        var canaries = 0
        session.measureCanary = { _ in
            canaries += 1
            return canaries % 2 == 0 ? 400 : 80
        }
        let outcome = session.run([Fixture.contender("a", threads: 2)])
        #expect(outcome.rows.isEmpty)
        #expect(outcome.failures.isEmpty)
        #expect(outcome.discarded == 16)
    }

    @Test func theFloorIsOfARareRegime() {
        let floor = Floor(rows: [], canaries: [80, 81, 400, 82, 110])
        #expect(floor.pingPongNs == 81)
        #expect(floor.clockReadNs == nil)
    }
}

@Suite struct PaceTests {
    @Test func theBudgetIsOverrunOrLeftUnused() {
        var clock = 0.0
        var pace = Pace(budget: Budget(seconds: 10, minimumRounds: 2, maximumRounds: 100)) { clock }
        var rounds = 0
        while pace.nextRound() != nil {
            clock += 1.5
            rounds += 1
        }
        #expect(rounds == 6, "the warm-up and five rounds take 9 s, and there is no time for another")
    }

    @Test func aSlowMachineGetsTooFewRounds() {
        var clock = 0.0
        var pace = Pace(budget: Budget(seconds: 10, minimumRounds: 5, maximumRounds: 100)) { clock }
        while pace.nextRound() != nil { clock += 60 }
        #expect(pace.finishedRounds == 5)
    }

    @Test func aShortRunGoesOnForEver() {
        var pace = Pace(budget: Budget(seconds: 10, minimumRounds: 5, maximumRounds: 7)) { 0 }
        while pace.nextRound() != nil {}
        #expect(pace.finishedRounds == 7)
    }
}

/// Both ping-pongs of a reading at the same round trip, as far as a test cares.
extension CanaryReading: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) { self.init(line: Double(value), perDirection: Double(value) * 1.5) }
}
