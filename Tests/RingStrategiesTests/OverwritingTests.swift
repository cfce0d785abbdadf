import Foundation
import RingStrategies
import Synchronization
import Testing

/// What a reader returns rises, is whole, and together with what it counts as lost is exactly what it went past.
private func checkOverwriting<
    P: OverwritingProducer & ~Copyable & Sendable, C: OverwritingConsumer & ~Copyable & Sendable
>(
    _ name: String, count: UInt64 = 60_000, yieldsEvery: UInt64 = 1021, _ make: (Int) -> Ends<P, C>, capacity: Int
) where P.Item: Numbered, C.Item == P.Item {
    let ends = make(capacity)
    let couriers = (Courier(ends.producer), Courier(ends.consumer))
    let isDone = Flag()
    func wrong(_ what: String) { Issue.record("\(name): \(what); capacity \(capacity)") }
    beside {
        var producer = couriers.0.take()
        for number in 0..<count {
            producer.publish(P.Item(number))
            // Now and then the reader gets a chance to see every item, and one to be lapped.
            if number % yieldsEvery == 0 { sched_yield() }
        }
        producer.flush()
        isDone.raise()
    } _: {
        var consumer = couriers.1.take()
        var returned: UInt64 = 0
        var isLast = false
        var patience = Patience(name)
        while true {
            let wasDone = isDone.isRaised
            let lostBefore = consumer.lostCount
            guard let item = consumer.pop() else {
                if isLast { break }
                isLast = wasDone
                patience.giveWay()
                continue
            }
            // The item's number follows from the count: that makes order, loss and freshness one check.
            let number = returned + consumer.lostCount
            if consumer.lostCount < lostBefore || item != P.Item(number) { return wrong("\(item) at \(number)") }
            returned += 1
        }
        let passed = returned + consumer.lostCount
        if passed != count { wrong("\(returned) returned + \(consumer.lostCount) lost of \(count)") }
    }
}

/// One thread plays both sides: nothing is lost in under a quarter of the capacity, and a lapped reader goes on near the
/// newest items with an exact count.
private func checkLaps<P: OverwritingProducer & ~Copyable, C: OverwritingConsumer & ~Copyable>(
    _ name: String, seed: UInt64, _ make: (Int) -> Ends<P, C>, capacity: Int
) where P.Item: Numbered, C.Item == P.Item {
    let ends = make(capacity)
    var producer = ends.producer
    var consumer = ends.consumer
    var random = Seeded(state: seed)
    var published: UInt64 = 0
    func wrong(_ what: String) { Issue.record("\(name): \(what); capacity \(capacity), seed \(seed)") }

    var returned: UInt64 = 0
    if consumer.pop() != nil { return wrong("an item from a new ring") }
    for _ in 0..<100 {
        let behind = published - returned - consumer.lostCount
        let burst = UInt64.random(in: 0...UInt64(3 * capacity), using: &random)
        for _ in 0..<burst {
            producer.publish(P.Item(published))
            published += 1
        }
        producer.flush()
        let lostBefore = consumer.lostCount
        var reads = Int.random(in: 0...2 * capacity, using: &random)
        while reads > 0, let item = consumer.pop() {
            let number = returned + consumer.lostCount
            if item != P.Item(number) { return wrong("\(item) at \(number)") }
            returned += 1
            reads -= 1
        }
        if reads > 0, returned + consumer.lostCount != published { return wrong("nil before the newest item") }
        let lost = consumer.lostCount - lostBefore
        if behind + burst < UInt64(capacity / 4), lost != 0 { return wrong("\(lost) lost without a lap") }
        if lost > behind + burst { return wrong("\(lost) lost of \(behind + burst)") }
    }
}

private func checkOwners<P: OverwritingProducer & ~Copyable, C: OverwritingConsumer & ~Copyable>(
    _ name: String, _ make: (Int) -> Ends<P, C>
) where P.Item: Numbered, C.Item == P.Item {
    var ends: Ends<P, C>? = make(8)
    ends = nil
    _ = ends == nil
    var consumer = publishAndLeave(make(8))
    guard let item = consumer.pop(), item == P.Item(0) else {
        Issue.record("\(name): the item went with its producer")
        return
    }
}

private func publishAndLeave<P: OverwritingProducer & ~Copyable, C: ~Copyable>(_ ends: consuming Ends<P, C>) -> C
where P.Item: Numbered {
    var producer = ends.producer
    producer.publish(P.Item(0))
    producer.flush()
    return ends.consumer
}

private final class Flag: Sendable {
    private let word = Atomic<Bool>(false)
    func raise() { word.store(true, ordering: .releasing) }
    var isRaised: Bool { word.load(ordering: .acquiring) }
}

private func checkAll<P: OverwritingProducer & ~Copyable & Sendable, C: OverwritingConsumer & ~Copyable & Sendable>(
    _ name: String, _ make: (Int) -> Ends<P, C>
) where P.Item: Numbered, C.Item == P.Item {
    for capacity in [8, 64, 1024] {
        checkOverwriting(name, make, capacity: capacity)
        for seed in 1...3 as ClosedRange<UInt64> { checkLaps(name, seed: seed, make, capacity: capacity) }
    }
    // Flat out on next to no slots: reader and writer meet in one item all the time.
    checkOverwriting(name, count: 300_000, yieldsEvery: 99_991, make, capacity: 8)
    checkOwners(name, make)
}

extension RingStrategiesTests {
    @Suite struct StaleTornUncounted {
        @Test func seqlockSlots() {
            checkAll("seqlock-slots", SeqlockSlots<UInt64>.make)
            checkAll("seqlock-slots", SeqlockSlots<Line>.make)
        }

        @Test func blockDropOld() {
            checkAll("bbq-drop-old", BBQDropOld<UInt64>.make)
            checkAll("bbq-drop-old", BBQDropOld<Line>.make)
        }

        @Test(.disabled(if: isThreadSanitizer, "Mutex is opaque to it")) func mutexOverwrite() {
            checkAll("mutex-overwrite", MutexOverwrite<UInt64>.make)
            checkAll("mutex-overwrite", MutexOverwrite<Line>.make)
        }
    }
}
