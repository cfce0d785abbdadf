import Foundation
import Synchronization
import Testing

@testable import Harness

/// Serialized, all suites inside it too: a session pins threads, and two at once would wait for each other's processors.
@Suite(.serialized) enum PinnedTests {}

extension PinnedTests {
    @Suite struct SessionTests {}
    @Suite struct RaceTests {}
    @Suite struct RegimeTests {}
}

extension PinnedTests.SessionTests {
    @Test func aContenderRunsTwiceInARoundOrNever() {
        let log = Log()
        _ = Fixture.run(["a", "b", "c"].map { Fixture.contender($0, log: log) }, rounds: 10)
        let rounds = stride(from: 0, to: log.entries.count, by: 3).map { Array(log.entries[$0..<$0 + 3]) }
        #expect(rounds.count == 11, "the warm-up and ten rounds")
        #expect(rounds.allSatisfy { Set($0) == ["a", "b", "c"] })
        #expect(Set(rounds).count > 2, "the order never changes")
    }

    @Test func theOrderDoesNotDependOnTheSeed() {
        func order(_ seed: UInt64) -> [String] {
            let log = Log()
            _ = Fixture.run((0..<8).map { Fixture.contender("\($0)", log: log) }, rounds: 3, seed: seed)
            return log.entries
        }
        #expect(order(1) == order(1))
        #expect(order(1) != order(2))
    }

    @Test func theWarmUpIsCounted() throws {
        let values = Log()
        let contender = Contender(
            suite: "demo", case: "case", strategy: "a", origin: .library, unit: .count
        ) { _ in
            values.append("x")
            return Sample(value: values.entries.count == 1 ? 1000 : 1)
        }
        let row = try #require(Fixture.run([contender], rounds: 4).rows.first)
        #expect(row.spread == Spread(median: 1, p10: 1, p90: 1, count: 4))
    }

    @Test func whatFailsVerificationStillGetsANumber() throws {
        var samples = 0
        let outcome = Fixture.run(
            [
                Fixture.contender("good"),
                Fixture.contender("bad") { context in
                    samples += 1
                    if samples == 3 { throw VerificationFailure("7, not 8", at: "item 8", seed: context.seed) }
                },
            ], rounds: 5, seed: 40)
        #expect(outcome.rows.map(\.strategy) == ["good"])
        #expect(samples == 3, "a failed contender goes on running")
        let failure = try #require(outcome.failures.first)
        #expect(failure.contender == "demo/case/bad")
        #expect(failure.what == "7, not 8 at item 8")
        #expect(failure.seed == 42, "the third sample is of round 2, whose seed is the run's plus 2")
        #expect(outcome.contenders == 2)
    }

    @Test func theSeedOfAFailureDoesNotRepeatIt() throws {
        let unlucky = Fixture.contender("unlucky") { context in
            if context.seed == 42 { throw VerificationFailure("wrong", at: "item 1", seed: context.seed) }
        }
        let first = try #require(Fixture.run([unlucky], rounds: 5, seed: 40).failures.first)
        let log = Log()
        let again = Fixture.run([Fixture.contender("other", log: log), unlucky], rounds: 1, seed: first.seed)
        #expect(again.failures.count == 1)
    }

    @Test func anErrorOfTheHelperThreadIsSwallowed() {
        let outcome = Fixture.run([
            Fixture.contender("a", threads: 2) { context in
                let seed = context.seed
                let abandoned = context.abandoned
                _ = try context.race(
                    operations: 1,
                    producer: { throw VerificationFailure("lost", at: "producer", seed: seed) },
                    consumer: { while !abandoned.isRaised {} })
            }
        ])
        #expect(outcome.failures.map(\.what) == ["lost at producer"])
        #expect(outcome.rows.isEmpty)
    }

    @Test func aHungSampleHangsTheRun() {
        let session = Fixture.session(rounds: 1)
        session.watchdog = Watchdog(patienceSeconds: 0.05)
        let outcome = session.run([
            Fixture.contender("stuck", threads: 2) { context in
                let abandoned = context.abandoned
                _ = try context.race(
                    operations: 1, producer: {}, consumer: { while !abandoned.isRaised { sched_yield() } })
            },
            Fixture.contender("good"),
        ])
        #expect(outcome.failures.map(\.contender) == ["demo/case/stuck"])
        #expect(outcome.rows.map(\.strategy) == ["good"])
    }

    @Test func aFigureThatIsNoNumberIsReported() {
        let outcome = Fixture.run([Fixture.contender("a", value: .nan), Fixture.contender("b", value: -1)])
        #expect(outcome.rows.isEmpty)
        #expect(outcome.failures.count == 2)
    }

    @Test func oversubscribedRowsPassForOrdinaryOnes() throws {
        let contender = Contender(
            suite: "demo", case: "case", strategy: "a", origin: .library, unit: .nanosecondsPerOperation, threads: 2,
            placement: .oversubscribed
        ) { context in
            try context.race(operations: 1, producer: {}, consumer: {})
        }
        let row = try #require(Fixture.run([contender]).rows.first)
        #expect(row.parameters["oversubscribed"] == "yes")
        #expect(row.regime == nil)
        #expect(row.canaryNs == nil)
    }
}

extension PinnedTests.RaceTests {
    @Test func theTwoSidesDoNotRunAtOnce() throws {
        let pair = ThreadPair()
        var context = SampleContext(seed: 1, unit: .nanosecondsPerOperation, pair: pair)
        for _ in 0..<100 {
            let word = Word()
            let sample = try context.race(
                operations: 1,
                producer: {
                    word.value.store(1, ordering: .releasing)
                    while word.value.load(ordering: .acquiring) != 2 { sched_yield() }
                },
                consumer: {
                    while word.value.load(ordering: .acquiring) != 1 { sched_yield() }
                    word.value.store(2, ordering: .releasing)
                })
            #expect(sample.value > 0)
        }
    }

    @Test func theHelperHoldsAClosureThatIsGone() throws {
        let pair = ThreadPair()
        var context = SampleContext(seed: 1, unit: .nanosecondsPerOperation, pair: pair)
        // A reference that is dropped too late is an "escaped closure" trap, now and then: hence so many.
        for _ in 0..<20_000 {
            let word = Word()
            _ = try context.race(operations: 1, producer: { word.value.add(1, ordering: .relaxed) }, consumer: {})
        }
    }

    @Test func noncopyableHalvesAreFreedWhileTheRaceLasts() throws {
        let pair = ThreadPair()
        var context = SampleContext(seed: 1, unit: .itemsPerSecond, pair: pair)
        let freed = Word()
        let shared = Word()
        let sample = try context.race(
            operations: 1000, Half(shared: shared, freed: freed), Half(shared: shared, freed: freed)
        ) { producer in
            for _ in 0..<1000 { producer.push() }
        } consume: { consumer in
            while consumer.seen() < 1000 { sched_yield() }
            #expect(freed.value.load(ordering: .relaxed) == 0)
        }
        #expect(freed.value.load(ordering: .relaxed) == 2)
        #expect(sample.value > 0)
    }

    @Test func aBurstOfTimeIsWronglyConverted() {
        #expect(Sample(nanoseconds: 1000, operations: 10, unit: .nanosecondsPerOperation).value == 100)
        #expect(Sample(nanoseconds: 1000, operations: 10, unit: .itemsPerSecond).value == 1e7)
        #expect(Sample(nanoseconds: 1000, operations: 4000, unit: .gigabytesPerSecond).value == 4)
    }

    @Test func theCounterRunsAtAnotherRateThanTheClock() {
        let (ticks, nanoseconds) = (Ticks.now(), Ticks.systemNanoseconds())
        while Ticks.systemNanoseconds() - nanoseconds < 20_000_000 {}
        let elapsed = Ticks.systemNanoseconds() - nanoseconds
        let measured = Ticks.nanoseconds(from: ticks, to: Ticks.now())
        // A preemption between the two readings is the only way to be wide of it; the rate itself is good to 10 ppm.
        #expect(measured > Double(elapsed) * 0.98)
    }
}

private final class Word: Sendable {
    let value = Atomic<Int>(0)
}

private struct Half: ~Copyable, Sendable {
    let shared: Word
    let freed: Word
    func push() { shared.value.add(1, ordering: .releasing) }
    func seen() -> Int { shared.value.load(ordering: .acquiring) }
    deinit { freed.value.add(1, ordering: .relaxed) }
}
