import Testing
import TraceCore

@Suite struct AccessesThatNothingOrders {
    @Test func pagesUnderWritersAndReaders() {
        for seed in 1...120 as ClosedRange<UInt64> {
            let machine = ModelledScenario.pages(seed: seed)
            #expect(machine.problems == [], "seed \(seed)")
        }
    }

    @Test func eventsThatAreLost() {
        for seed in 1...60 as ClosedRange<UInt64> {
            let machine = ModelledScenario.losses(seed: seed)
            #expect(machine.problems == [], "seed \(seed)")
        }
    }

    @Test func lanesOfThreadsThatEndedWithoutAWord() {
        for seed in 1...120 as ClosedRange<UInt64> {
            let machine = ModelledScenario.sweep(seed: seed)
            #expect(machine.problems == [], "seed \(seed)")
        }
    }
}

@Suite struct CutsThatMissAPredecessor {
    @Test func anEventThatTheCallerKnewOf() {
        for seed in 1...200 as ClosedRange<UInt64> {
            let machine = ModelledScenario.marks(seed: seed)
            #expect(machine.problems == [], "seed \(seed)")
        }
    }

    @Test func anEventInALaterGenerationThanItsSuccessor() {
        for seed in 1...200 as ClosedRange<UInt64> {
            let machine = ModelledScenario.cuts(seed: seed)
            #expect(machine.problems == [], "seed \(seed)")
        }
    }
}
