import RingStrategies
import Testing

/// All in one serialised suite: two spinning threads a test are enough for the machine.
@Suite(.serialized)
struct RingStrategiesTests {}

/// One call checks one strategy in every way.
private func checkAll<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable & Sendable>(
    _ name: String, holds: (Int) -> Int = { $0 }, _ make: (Int) -> Ends<P, C>
) where P.Item: Numbered, C.Item == P.Item {
    for capacity in [8, 64, 1024] {
        for batch in [1, 5, 64] {
            checkLossless(name, count: batch == 1 ? 30_000 : 20_000, batch: batch, make, capacity: capacity)
        }
        for seed in 1...3 as ClosedRange<UInt64> { checkAgainstModel(name, seed: seed, make, capacity: capacity) }
        checkEdges(name, holds: holds(capacity), make, capacity: capacity)
    }
    checkOwnership(name, make)
}

extension RingStrategiesTests {
    @Suite struct LossReorderDuplicationTearing {
        @Test(.disabled(if: isThreadSanitizer, "Mutex is opaque to it")) func mutexDeque() {
            checkAll("mutex-deque", MutexDeque<UInt64>.make)
            checkAll("mutex-deque", MutexDeque<Line>.make)
        }

        @Test func lamport() {
            checkAll("lamport", Lamport<UInt64>.make)
            checkAll("lamport", Lamport<Line>.make)
        }

        @Test func cachedIndex() {
            checkAll("cached-index", CachedIndex<UInt64>.make)
            checkAll("cached-index", CachedIndex<Line>.make)
        }

        @Test func deferredIndex() {
            checkAll("deferred-index", DeferredIndex<UInt64>.make)
            checkAll("deferred-index", DeferredIndex<Line>.make)
        }

        @Test func fastForward() { checkAll("ffq", FastForward.make) }

        @Test func improvedFastForward() {
            // Two stretches are always kept free.
            checkAll("iffq", holds: { max($0, 128) - 64 }, ImprovedFastForward.make)
        }

        @Test func lineHeader() { checkAll("line-header", holds: { $0 / 8 * 7 }, LineHeader.make) }

        @Test func blockBounded() {
            checkAll("bbq", BBQ<UInt64>.make)
            checkAll("bbq", BBQ<Line>.make)
        }

        @Test func sharedFetchAdd() {
            checkAll("mpsc-fetch-add", SharedFetchAdd<UInt64>.make(capacity:))
            checkAll("mpsc-fetch-add", SharedFetchAdd<Line>.make(capacity:))
        }

        @Test func pageHandOver() {
            checkAll("page-hand-over", PageHandOver<UInt64>.make)
            checkAll("page-hand-over", PageHandOver<Line>.make)
        }

        @Test func librarySlotRing() {
            checkAll("spsc-slot", LibrarySlotRing<UInt64>.make)
            checkAll("spsc-slot", LibrarySlotRing<Line>.make)
        }
    }
}
