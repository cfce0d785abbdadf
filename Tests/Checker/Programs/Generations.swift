package import Checker
import MemoryAccess
import Synchronization
import TraceCore

/// Cuts between generations, and what they promise of events that know of each other.
package enum Generations {
    final class Known {
        var events: [(lane: Int, index: UInt64)] = []
        var cuts: [GenerationCut] = []
        let token: SharedWord

        init() {
            token = .allocate(capacity: 1)
            token.initialize(to: Atomic(0))
        }

        deinit { token.deallocate() }

        func generation(of event: (lane: Int, index: UInt64)) -> UInt64 {
            for cut in cuts where LanePosition.precedes(event.index, cut[event.lane].index) { return cut.generation }
            return .max
        }

        /// Every event that the caller of a cut knew of lies before it.
        func check(_ cut: GenerationCut, knowing count: Int, _ machine: Machine) {
            for event in events[..<count] where !LanePosition.precedes(event.index, cut[event.lane].index) {
                machine.report("index \(event.index) of lane \(event.lane) is behind a cut that came after it")
            }
        }

        /// Of two events of which the second knew of the first, its generation is not the earlier one.
        func checkOrder(_ machine: Machine) {
            var newest: UInt64 = 0
            for event in events {
                let own = generation(of: event)
                if own < newest { machine.report("generation \(own) after \(newest)") }
                newest = max(newest, own)
            }
            for (earlier, later) in zip(cuts, cuts.dropFirst()) {
                for lane in 0..<earlier.laneCount where LanePosition.precedes(later[lane].index, earlier[lane].index) {
                    machine.report("cut \(later.generation) lies before \(earlier.generation)")
                }
            }
        }
    }

    /// One writer that tells how far it came, and cuts meanwhile.
    static func marks(events: Int, cuts: Int) -> Program {
        Program("generations, \(cuts) cuts among \(events) events of a thread") { machine in
            let stage = Pages.Stage(machine, pages: 4, lanes: 1)
            let known = Known()
            let lane = stage.attach(1)
            return .init(
                [
                    (
                        "writer",
                        {
                            for index in 0..<UInt64(events) {
                                stage.emit(lane, byteCount: 20)
                                known.events.append((0, index))
                                CheckedMemory.storeRelease(index + 1, to: known.token)
                            }
                        }
                    ),
                    (
                        "advancer",
                        {
                            for _ in 0..<cuts {
                                let count = Int(CheckedMemory.loadAcquire(known.token))
                                let cut = try! stage.arena.advance()
                                known.cuts.append(cut)
                                known.check(cut, knowing: count, machine)
                                for page in 0..<2 { stage.read(page, upTo: cut) }
                            }
                        }
                    ),
                ],
                finish: {
                    known.checkOrder(machine)
                    stage.conserve()
                })
        }
    }

    /// Two writers that hand a token on, over a word of their own.
    static func token(rounds: Int, cuts: Int, attachesLate: Bool) -> Program {
        Program(
            "generations, \(cuts) cuts while a token goes round \(rounds) times\(attachesLate ? ", a lane comes late" : "")"
        ) { machine in
            let stage = Pages.Stage(machine, pages: 4, lanes: 2)
            let known = Known()
            let first = stage.attach(1)
            let second = attachesLate ? nil : stage.attach(2)
            func pass(_ parity: Int, _ given: Pages.CheckedLane?) {
                var lane = given
                for turn in 0..<rounds where turn % 2 == parity {
                    while CheckedMemory.loadAcquire(known.token) != UInt64(turn) { CheckedMemory.pause() }
                    let mine = lane ?? stage.attach(2)
                    lane = mine
                    let index = CheckedMemory.loadOwn(mine.pos) >> 16
                    stage.emit(mine, byteCount: 20)
                    known.events.append((stage.view.number(of: mine), index))
                    CheckedMemory.storeRelease(UInt64(turn) + 1, to: known.token)
                }
            }
            return .init(
                [
                    ("writer A", { pass(0, first) }), ("writer B", { pass(1, second) }),
                    (
                        "advancer",
                        {
                            for _ in 0..<cuts {
                                let count = Int(CheckedMemory.loadAcquire(known.token))
                                let cut = try! stage.arena.advance()
                                known.cuts.append(cut)
                                known.check(cut, knowing: count, machine)
                            }
                        }
                    ),
                ],
                finish: {
                    known.checkOrder(machine)
                    stage.conserve()
                })
        }
    }

    package static let programs: [Program] = [
        marks(events: 1, cuts: 1),
        marks(events: 2, cuts: 1),
        marks(events: 3, cuts: 2),
        token(rounds: 2, cuts: 1, attachesLate: false),
        token(rounds: 2, cuts: 1, attachesLate: true),
        token(rounds: 3, cuts: 2, attachesLate: true),
    ]
}
