import Checker
import MemoryAccess
import SeededNumbers
import Testing

/// Small programs that a seed decides on, in every order that differs and in every order at all: they have to find the same.
@Suite(.serialized) struct ReductionTests {
    enum Access {
        case load(Int, acquires: Bool)
        case store(Int, UInt64, releases: Bool)
        case add(Int, ModificationOrder)
        case exchange(Int, UInt64, ModificationOrder)
        case fence, heavyFence

        init(_ random: inout SeededGenerator, thread: Int, place: Int) {
            let word = random.below(2)
            let order: [ModificationOrder] = [.relaxed, .acquiring, .releasing, .acquiringAndReleasing]
            switch random.below(11) {
            case 0...3: self = .load(word, acquires: random.below(2) == 0)
            case 4...6: self = .store(word, UInt64(10 * thread + place + 1), releases: random.below(2) == 0)
            case 7: self = .add(word, order[random.below(4)])
            case 8: self = .exchange(word, UInt64(random.below(3) * 10 + 1), order[random.below(4)])
            case 9: self = .fence
            default: self = random.below(3) == 0 ? .heavyFence : .fence
            }
        }

        func run(_ scene: Scene) -> UInt64 {
            switch self {
            case .load(let word, let acquires):
                return acquires ? Memory.loadAcquire(scene.words + word) : Memory.loadRelaxed(scene.words + word)
            case .store(let word, let value, let releases):
                if releases {
                    Memory.storeRelease(value, to: scene.words + word)
                } else {
                    Memory.storeRelaxed(value, to: scene.words + word)
                }
                return 0
            case .add(let word, let order): return Memory.fetchAdd(100, to: scene.words + word, order: order)
            case .exchange(let word, let value, let order):
                return Memory.compareExchange(value, with: 50, in: scene.words + word, order: order) ? 1 : 0
            case .fence:
                Memory.fence()
                return 0
            case .heavyFence:
                Memory.heavyFence()
                return 0
            }
        }
    }

    @Test(arguments: [[3, 3], [2, 2, 2], [4, 3], [3, 2, 1], [1, 1, 1, 2]])
    func outcomesThatTheSearchMisses(_ shape: [Int]) {
        for seed in 1...300 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed &* 1000 &+ UInt64(shape.count))
            let threads = shape.enumerated().map { thread, count in
                (0..<count).map { Access(&random, thread: thread, place: $0) }
            }
            let reduced = outcomes(threads, everyOrder: false)
            let full = outcomes(threads, everyOrder: true)
            guard full.verdict.isExhaustive else { continue }
            #expect(reduced.verdict.isExhaustive)
            #expect(reduced.found == full.found, "seed \(seed): \(threads)")
            #expect(reduced.verdict.executions <= full.verdict.executions)
        }
    }

    /// Loops that give way: what one may see behind a pause does not depend on who came first.
    @Test func outcomesThatTheSearchMissesBehindAPause() {
        for everyOrder in [false, true] {
            let outcomes = Outcomes(
                2,
                { scene in
                    Memory.storeRelaxed(1, to: scene.x)
                    scene.found[0] = Memory.loadRelaxed(scene.y)
                },
                { scene in
                    if Memory.loadRelaxed(scene.x) == 0 { Memory.pause() }
                    Memory.storeRelaxed(1, to: scene.y)
                    Memory.fence()
                    scene.found[1] = Memory.loadRelaxed(scene.x)
                }, everyOrder: everyOrder)
            #expect(outcomes.found == [[0, 0], [0, 1], [1, 0], [1, 1]])
        }
    }

    private func outcomes(_ threads: [[Access]], everyOrder: Bool) -> (found: Set<[UInt64]>, verdict: Verdict) {
        nonisolated(unsafe) var found: Set<[UInt64]> = []
        nonisolated(unsafe) let threads = threads
        let program = Program("random") { _ in
            let scene = Scene(found: 0)
            let results = threads.map { _ in Shared() }
            return .init(
                threads.enumerated().map { index, accesses in
                    ("thread \(index)", { for access in accesses { results[index].values.append(access.run(scene)) } })
                },
                finish: {
                    let left = [Memory.loadRelaxed(scene.x), Memory.loadRelaxed(scene.y)]
                    found.insert(results.flatMap(\.values) + left)
                })
        }
        let verdict =
            everyOrder
            ? Checker.exploreEveryOrder(program, limit: 400_000) : Checker.explore(program, limit: 400_000)
        return (found, verdict)
    }

    private final class Shared {
        var values: [UInt64] = []
    }
}
