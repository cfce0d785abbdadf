import Foundation
import RingStrategies
import Testing

/// An item that is made of a number, all of whose bytes tell that number.
protocol Numbered: BitwiseCopyable, Sendable, Equatable {
    init(_ number: UInt64)
}

extension UInt64: Numbered {}
extension Line: Numbered {}

/// Every item arrives once, in order and whole, when each end has its own thread; both singly and in batches.
func checkLossless<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable & Sendable>(
    _ name: String, count: Int = 40_000, batch: Int, _ make: (Int) -> Ends<P, C>, capacity: Int
) where P.Item: Numbered, C.Item == P.Item {
    let ends = make(capacity)
    let couriers = (Courier(ends.producer), Courier(ends.consumer))
    beside {
        var producer = couriers.0.take()
        produce(name, count: count, batch: batch, &producer)
    } _: {
        var consumer = couriers.1.take()
        var expected: UInt64 = 0
        var patience = Patience(name)
        while expected < UInt64(count) {
            var wrong: C.Item?
            let got =
                if batch == 1 {
                    check(consumer.pop(), &expected, &wrong)
                } else {
                    consumer.drain(upTo: batch) { _ = check($0, &expected, &wrong) }
                }
            if let wrong {
                Issue.record("\(name): \(wrong) at \(expected), capacity \(capacity), batch \(batch)")
                return
            }
            if got == 0 { patience.giveWay() }
        }
        if consumer.pop() != nil { Issue.record("\(name): an item too many, capacity \(capacity)") }
    }
}

private func check<Item: Numbered>(_ item: Item?, _ expected: inout UInt64, _ wrong: inout Item?) -> Int {
    guard let item else { return 0 }
    if item != Item(expected), wrong == nil { wrong = item }
    if wrong == nil { expected += 1 }
    return 1
}

private func produce<P: ItemProducer & ~Copyable>(
    _ name: String, count: Int, batch: Int, _ producer: inout P
) where P.Item: Numbered {
    var patience = Patience(name)
    var next = 0
    while next < count {
        let size = min(batch, count - next)
        var pushed = 0
        if batch == 1 {
            pushed = producer.push(P.Item(UInt64(next))) ? 1 : 0
        } else {
            let items = (0..<size).map { P.Item(UInt64(next + $0)) }
            pushed = items.withUnsafeBufferPointer { producer.push(batch: $0) }
        }
        next += pushed
        if pushed < size { patience.giveWay() }
    }
    producer.flush()
}

/// One thread plays both sides at random beside a model queue.
///
/// A strategy may hold back items until `flush`, so before one the model only bounds what may be seen.
func checkAgainstModel<P: ItemProducer & ~Copyable, C: ItemConsumer & ~Copyable>(
    _ name: String, seed: UInt64, steps: Int = 4000, _ make: (Int) -> Ends<P, C>, capacity: Int
) where P.Item: Numbered, C.Item == P.Item {
    let ends = make(capacity)
    var producer = ends.producer
    var consumer = ends.consumer
    var random = Seeded(state: seed)
    var pushed: UInt64 = 0
    var popped: UInt64 = 0
    func wrong(_ what: String) { Issue.record("\(name): \(what); capacity \(capacity), seed \(seed)") }

    for _ in 0..<steps {
        switch UInt8.random(in: 0..<8, using: &random) {
        case 0, 1, 2:
            if producer.push(P.Item(pushed)) {
                pushed += 1
            } else if pushed == popped {
                // Everything is published and read; one look gives back whatever the consumer still holds.
                if consumer.pop() != nil { return wrong("an item from an empty ring") }
                if !producer.push(P.Item(pushed)) { return wrong("full when empty") }
                pushed += 1
            }
        case 3:
            let items = (0..<UInt64.random(in: 1...70, using: &random)).map { P.Item(pushed + $0) }
            let taken = items.withUnsafeBufferPointer { producer.push(batch: $0) }
            if taken < 0 || taken > items.count { return wrong("batch took \(taken) of \(items.count)") }
            pushed += UInt64(taken)
        case 4, 5:
            guard let item = consumer.pop() else { break }
            if popped == pushed || item != P.Item(popped) { return wrong("\(item) at \(popped)") }
            popped += 1
        case 6:
            let limit = Int.random(in: 1...70, using: &random)
            var bad = false
            let got = consumer.drain(upTo: limit) { item in
                bad = bad || item != P.Item(popped)
                popped += 1
            }
            if bad || got > limit || popped > pushed { return wrong("drained \(got) of \(limit) up to \(popped)") }
        default:
            producer.flush()
            var seen = 0
            while let item = consumer.pop() {
                if item != P.Item(popped) { return wrong("\(item) at \(popped) after a flush") }
                popped += 1
                seen += 1
            }
            if popped != pushed { return wrong("flush left \(pushed - popped) invisible, showed \(seen)") }
        }
    }
}

/// A ring takes `capacity` (or as many as it says: `holds`), refuses then, shows them all, and can be filled again.
func checkEdges<P: ItemProducer & ~Copyable, C: ItemConsumer & ~Copyable>(
    _ name: String, holds: Int, _ make: (Int) -> Ends<P, C>, capacity: Int
) where P.Item: Numbered, C.Item == P.Item {
    let ends = make(capacity)
    var producer = ends.producer
    var consumer = ends.consumer
    func wrong(_ what: String) { Issue.record("\(name): \(what); capacity \(capacity)") }

    if consumer.pop() != nil { return wrong("an item from a new ring") }
    if consumer.drain(upTo: 4, { _ in }) != 0 { return wrong("a batch from a new ring") }
    var next: UInt64 = 0
    var expected: UInt64 = 0
    for round in 0..<5 {
        let first = next
        while producer.push(P.Item(next)) {
            next += 1
            if next - first > 1_000_000 { return wrong("never full") }
        }
        if next - first < UInt64(holds) { return wrong("refused after \(next - first) in round \(round)") }
        let none = UnsafeBufferPointer<P.Item>(start: nil, count: 0)
        if producer.push(batch: none) != 0 { return wrong("took some of nothing") }
        // No flush: a push that was refused has published what was held back.
        while let item = consumer.pop() {
            if item != P.Item(expected) { return wrong("\(item) at \(expected)") }
            expected += 1
        }
        if expected != next { return wrong("\(next - expected) invisible when full") }
    }
}

/// Either end may go first, with items inside; nothing is freed twice or leaks (the sanitizers watch).
func checkOwnership<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable & Sendable>(
    _ name: String, _ make: (Int) -> Ends<P, C>
) where P.Item: Numbered, C.Item == P.Item {
    do {
        let ends = make(8)
        var consumer = ends.consumer
        var producer = ends.producer
        for i in 0..<3 as Range<UInt64> { _ = producer.push(P.Item(i)) }
        producer.flush()
        drop(producer)
        var expected: UInt64 = 0
        while let item = consumer.pop() {
            if item != P.Item(expected) { Issue.record("\(name): \(item) at \(expected) after the producer went") }
            expected += 1
        }
        if expected != 3 { Issue.record("\(name): \(expected) of 3 after the producer went") }
    }
    do {
        let ends = make(8)
        drop(ends.consumer)
        var producer = ends.producer
        for i in 0..<100 as Range<UInt64> { _ = producer.push(P.Item(i)) }
    }
    do {
        let ends = make(8)
        let couriers = (Courier(ends.producer), Courier(ends.consumer))
        beside({ drop(couriers.0.take()) }, { drop(couriers.1.take()) })
    }
}

private func drop<T: ~Copyable>(_: consuming T) {}
