import Foundation
import Testing

/// Each order of the protocol, made relaxed one at a time, in the same programs that must run clean with all of them.
///
/// Not among them is what no reader of plain memory depends on: the hand, the count of lanes, the owner of a lane that is
/// not free, what is refused. What a cut needs to know of them comes with the positions.
@Suite struct OrdersThatNoTestNeeds {
    @Test(arguments: [
        AccessSite.publishEvent, .openPage, .readPosition, .readStateAgain, .claimPage, .pinPage, .sealPage,
        .unpinPage, .freeLane, .takeLane,
    ])
    func betweenWritersAndReaders(_ site: AccessSite) {
        expectCaught(site) { ModelledScenario.pages(seed: $0, weakened: site) }
    }

    @Test(arguments: [
        AccessSite.publishEvent, .advanceReadsPosition,
    ])
    func ofCuts(_ site: AccessSite) {
        expectCaught(site) { ModelledScenario.cuts(seed: $0, weakened: site, readsCuts: $0 % 2 == 0) }
    }

    @Test func ofLosses() {
        expectCaught(.publishLoss) { ModelledScenario.losses(seed: $0, weakened: .publishLoss) }
    }

    @Test(arguments: [AccessSite.sweepReadsPosition])
    func ofSweeps(_ site: AccessSite) {
        expectCaught(site) { ModelledScenario.sweep(seed: $0, weakened: site) }
    }

    private func expectCaught(_ site: AccessSite, _ run: (UInt64) -> ModelledMachine) {
        var weakened = 0
        for seed in 1...800 as ClosedRange<UInt64> {
            let machine = run(seed)
            weakened += machine.weakenedCount
            if !machine.problems.isEmpty {
                if ProcessInfo.processInfo.environment["TRACE_VERBOSE"] != nil {
                    print("caught", site, seed, machine.problems[0])
                }
                return
            }
        }
        Issue.record("\(site) may be relaxed: \(weakened) accesses were, and nothing went wrong")
    }
}
