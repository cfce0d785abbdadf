import Checker
import MemoryAccess
import Synchronization
import Testing

/// Words that start at 0, and what threads found.
final class Scene {
    typealias Memory = CheckedMemory
    let words: UnsafeMutablePointer<Atomic<UInt64>>
    let cell: UnsafeMutablePointer<UInt64>
    var found: [UInt64]

    init(found count: Int) {
        words = .allocate(capacity: 4)
        for index in 0..<4 { (words + index).initialize(to: Atomic(0)) }
        cell = .allocate(capacity: 1)
        cell.initialize(to: 0)
        found = [UInt64](repeating: 0, count: count)
    }

    deinit {
        words.deallocate()
        cell.deallocate()
    }

    var x: SharedWord { words }
    var y: SharedWord { words + 1 }

    func write() {
        Memory.willWrite(cell, byteCount: 8)
        cell.pointee += 1
    }

    func read() -> UInt64 {
        Memory.willRead(cell, byteCount: 8)
        return cell.pointee
    }
}

/// All that the threads can find, and what the checker has to say.
struct Outcomes {
    var found: Set<[UInt64]> = []
    var verdict = Verdict()

    init(_ count: Int, _ threads: ((Scene) -> Void)..., everyOrder: Bool = false) {
        nonisolated(unsafe) var found: Set<[UInt64]> = []
        nonisolated(unsafe) let bodies = threads
        let program = Program("litmus") { _ in
            let scene = Scene(found: count)
            return .init(
                bodies.enumerated().map { index, body in ("thread \(index)", { body(scene) }) },
                finish: { found.insert(scene.found) })
        }
        verdict =
            everyOrder
            ? Checker.exploreEveryOrder(program, limit: 1_000_000) : Checker.explore(program, limit: 1_000_000)
        self.found = found
    }
}

typealias Memory = CheckedMemory

/// What C11 allows and what it forbids, in the programs that the field knows by these names.
@Suite(.serialized) struct LitmusTests {
    @Test func messageThatIsReadBeforeItIsThere() {
        let outcomes = Outcomes(2) { scene in
            Memory.storeRelaxed(1, to: scene.x)
            Memory.storeRelease(1, to: scene.y)
        } _: { scene in
            scene.found = [Memory.loadAcquire(scene.y), Memory.loadRelaxed(scene.x)]
        }
        #expect(outcomes.found == [[0, 0], [0, 1], [1, 1]])
        #expect(outcomes.verdict.isExhaustive)
    }

    @Test(arguments: [0, 1, 2]) func messageWithoutAnOrderIsAlwaysWhole(_ weakened: Int) {
        let outcomes = Outcomes(2) { scene in
            Memory.storeRelaxed(1, to: scene.x)
            if weakened == 1 { Memory.storeRelease(1, to: scene.y) } else { Memory.storeRelaxed(1, to: scene.y) }
        } _: { scene in
            let seen = weakened == 2 ? Memory.loadAcquire(scene.y) : Memory.loadRelaxed(scene.y)
            scene.found = [seen, Memory.loadRelaxed(scene.x)]
        }
        #expect(outcomes.found == [[0, 0], [0, 1], [1, 1], [1, 0]])
    }

    @Test func bothStoresAreBufferedBehindFences() {
        let outcomes = Outcomes(2) { scene in
            Memory.storeRelaxed(1, to: scene.x)
            Memory.fence()
            scene.found[0] = Memory.loadRelaxed(scene.y)
        } _: { scene in
            Memory.storeRelaxed(1, to: scene.y)
            Memory.fence()
            scene.found[1] = Memory.loadRelaxed(scene.x)
        }
        #expect(outcomes.found == [[0, 1], [1, 0], [1, 1]])
    }

    @Test func noStoreIsBufferedWithoutAFence() {
        let outcomes = Outcomes(2) { scene in
            Memory.storeRelease(1, to: scene.x)
            scene.found[0] = Memory.loadAcquire(scene.y)
        } _: { scene in
            Memory.storeRelease(1, to: scene.y)
            Memory.fence()
            scene.found[1] = Memory.loadAcquire(scene.x)
        }
        #expect(outcomes.found == [[0, 0], [0, 1], [1, 0], [1, 1]])
    }

    @Test func heavyFenceDoesNotReachTheOtherThread() {
        let outcomes = Outcomes(2) { scene in
            Memory.storeRelaxed(1, to: scene.x)
            Memory.lightFence()
            scene.found[0] = Memory.loadRelaxed(scene.y)
        } _: { scene in
            Memory.storeRelaxed(1, to: scene.y)
            Memory.heavyFence()
            scene.found[1] = Memory.loadRelaxed(scene.x)
        }
        #expect(outcomes.found == [[0, 1], [1, 0], [1, 1]])
    }

    @Test func readersDisagreeOnlyWithoutFences() {
        for isFenced in [false, true] {
            let outcomes = Outcomes(4) { scene in
                Memory.storeRelease(1, to: scene.x)
            } _: { scene in
                Memory.storeRelease(1, to: scene.y)
            } _: { scene in
                scene.found[0] = Memory.loadAcquire(scene.x)
                if isFenced { Memory.fence() }
                scene.found[1] = Memory.loadAcquire(scene.y)
            } _: { scene in
                scene.found[2] = Memory.loadAcquire(scene.y)
                if isFenced { Memory.fence() }
                scene.found[3] = Memory.loadAcquire(scene.x)
            }
            #expect(outcomes.found.contains([1, 0, 1, 0]) == !isFenced)
            #expect(outcomes.found.count == (isFenced ? 15 : 16))
        }
    }

    @Test func wordGoesBack() {
        let outcomes = Outcomes(2) { scene in
            Memory.storeRelaxed(1, to: scene.x)
            Memory.storeRelaxed(2, to: scene.x)
        } _: { scene in
            scene.found = [Memory.loadRelaxed(scene.x), Memory.loadRelaxed(scene.x)]
        }
        #expect(outcomes.found == [[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]])
    }

    @Test func additionIsLost() {
        let outcomes = Outcomes(3) { scene in
            scene.found[0] = Memory.fetchAdd(1, to: scene.x, order: .relaxed)
        } _: { scene in
            scene.found[1] = Memory.fetchAdd(1, to: scene.x, order: .relaxed)
        } _: { scene in
            scene.found[2] = Memory.fetchAdd(1, to: scene.x, order: .relaxed)
        }
        #expect(outcomes.found.count == 6)
        #expect(outcomes.verdict.executions == 6)
    }

    @Test func releaseSequenceBreaksAtAModification() {
        let outcomes = Outcomes(2) { scene in
            Memory.storeRelaxed(1, to: scene.x)
            Memory.storeRelease(1, to: scene.y)
        } _: { scene in
            _ = Memory.fetchAdd(1, to: scene.y, order: .relaxed)
        } _: { scene in
            scene.found = [Memory.loadAcquire(scene.y), Memory.loadRelaxed(scene.x)]
        }
        #expect(!outcomes.found.contains([2, 0]))
        #expect(outcomes.found.contains([1, 0]) && outcomes.found.contains([2, 1]))
    }

    @Test func relaxedStoreBehindAReleasingFence() {
        let outcomes = Outcomes(2) { scene in
            scene.write()
            Memory.releaseFence()
            Memory.storeRelaxed(1, to: scene.x)
        } _: { scene in
            if Memory.loadAcquire(scene.x) == 1 { scene.found = [1, scene.read()] }
        }
        #expect(outcomes.verdict.problems == [])
        #expect(outcomes.found == [[0, 0], [1, 1]])
    }

    @Test(arguments: [ModificationOrder.relaxed, .acquiring, .releasing, .acquiringAndReleasing])
    func cellIsHandedOverByAnExchange(_ order: ModificationOrder) {
        let outcomes = Outcomes(1) { scene in
            scene.write()
            Memory.storeRelease(1, to: scene.x)
        } _: { scene in
            if Memory.compareExchange(1, with: 2, in: scene.x, order: order) { scene.write() }
        }
        #expect(outcomes.verdict.problems.isEmpty == order.acquires)
        let handingOn = Outcomes(1) { scene in
            scene.write()
            _ = Memory.fetchOr(1, to: scene.x, order: order)
        } _: { scene in
            if Memory.loadAcquire(scene.x) == 1 { scene.write() }
        }
        #expect(handingOn.verdict.problems.isEmpty == order.releases)
    }

    @Test func sleeperIsNotWoken() {
        for isFenced in [true, false] {
            let outcomes = Outcomes(1) { scene in
                Memory.storeRelaxed(1, to: scene.y)
                if isFenced { Memory.heavyFence() }
                if Memory.loadAcquire(scene.x) == 0 { Memory.sleep(on: scene.y, while: 1, nanoseconds: 0) }
            } _: { scene in
                Memory.storeRelease(1, to: scene.x)
                Memory.lightFence()
                if Memory.loadRelaxed(scene.y) == 1, Memory.compareExchange(1, with: 0, in: scene.y) {
                    Memory.wake(scene.y)
                }
            }
            #expect(outcomes.verdict.problems.isEmpty == isFenced, "\(outcomes.verdict.log)")
        }
    }

    @Test func loopWithoutAnEndIsWaitedFor() {
        let outcomes = Outcomes(1) { scene in
            while Memory.loadRelaxed(scene.x) == 0 { Memory.pause() }
        } _: { scene in
            _ = Memory.loadRelaxed(scene.x)
        }
        #expect(outcomes.verdict.problems == ["thread 0 goes on for ever"])
    }

    @Test func memoryIsFreedUnderSomebody() {
        for order in [ModificationOrder.releasing, .acquiringAndReleasing] {
            let close: (Scene) -> Void = { scene in
                _ = Memory.loadRelaxed(scene.y)
                _ = scene.read()
                if Memory.fetchAdd(1, to: scene.x, order: order) == 1 {
                    Memory.willFree(scene.cell, byteCount: 8)
                    Memory.willFree(scene.words, byteCount: 32)
                }
            }
            let outcomes = Outcomes(1, close, close)
            #expect(outcomes.verdict.problems.isEmpty == order.acquires, "\(outcomes.verdict.problems)")
        }
    }
}
