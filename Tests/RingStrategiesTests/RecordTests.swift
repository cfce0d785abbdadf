import RingStrategies
import Testing

/// Record `number`: its length and every byte follow from the number and the seed.
private struct Records {
    let lengths: ClosedRange<Int>
    let seed: UInt64

    func length(_ number: Int) -> Int {
        var random = Seeded(state: seed &+ UInt64(number) &* 7919)
        return Int.random(in: lengths, using: &random)
    }

    func byte(_ number: Int, _ i: Int) -> UInt8 { UInt8(truncatingIfNeeded: number &* 31 &+ i &* 7 &+ (number >> 8)) }

    func fill(_ buffer: UnsafeMutableRawBufferPointer, _ number: Int) -> UnsafeRawBufferPointer {
        let count = length(number)
        for i in 0..<count { buffer[i] = byte(number, i) }
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    func isRecord(_ bytes: UnsafeRawBufferPointer, _ number: Int) -> Bool {
        bytes.count == length(number) && bytes.indices.allSatisfy { bytes[$0] == byte(number, $0) }
    }
}

private func checkRecords<P: RecordProducer & ~Copyable & Sendable, C: RecordConsumer & ~Copyable & Sendable>(
    _ name: String, count: Int = 6_000, _ make: (Int) -> Ends<P, C>, capacity: Int, lengths: ClosedRange<Int>
) {
    let records = Records(lengths: lengths, seed: 1)
    let ends = make(capacity)
    let couriers = (Courier(ends.producer), Courier(ends.consumer))
    beside {
        var producer = couriers.0.take()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: lengths.upperBound, alignment: 8)
        defer { buffer.deallocate() }
        var patience = Patience(name)
        for number in 0..<count {
            let record = records.fill(buffer, number)
            while !producer.push(record) { patience.giveWay() }
        }
        producer.flush()
    } _: {
        var consumer = couriers.1.take()
        var number = 0
        var patience = Patience(name)
        while number < count {
            var isRight = true
            let got = consumer.pop { isRight = records.isRecord($0, number) }
            guard isRight else {
                Issue.record("\(name): wrong record \(number), capacity \(capacity), lengths \(lengths)")
                return
            }
            if got { number += 1 } else { patience.giveWay() }
        }
        if consumer.pop({ _ in }) { Issue.record("\(name): a record too many") }
    }
}

/// One thread, random bursts: what was flushed is visible, a refused record was published up to it, an empty ring has room.
private func checkRecordModel<P: RecordProducer & ~Copyable, C: RecordConsumer & ~Copyable>(
    _ name: String, seed: UInt64, _ make: (Int) -> Ends<P, C>, capacity: Int, lengths: ClosedRange<Int>
) {
    let records = Records(lengths: lengths, seed: seed)
    let ends = make(capacity)
    var producer = ends.producer
    var consumer = ends.consumer
    var random = Seeded(state: seed)
    var pushed = 0
    var popped = 0
    var isRight = true
    func wrong(_ what: String) { Issue.record("\(name): \(what); capacity \(capacity), seed \(seed)") }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: lengths.upperBound, alignment: 8)
    defer { buffer.deallocate() }

    if consumer.pop({ _ in }) { return wrong("a record from a new ring") }
    for _ in 0..<150 {
        var isFull = false
        for _ in 0..<Int.random(in: 0...60, using: &random) where !isFull {
            if producer.push(records.fill(buffer, pushed)) { pushed += 1 } else { isFull = true }
        }
        let isAllVisible = isFull || Bool.random(using: &random)
        if isAllVisible && !isFull { producer.flush() }
        var reads = isAllVisible ? Int.max : Int.random(in: 0...30, using: &random)
        while reads > 0, consumer.pop({ isRight = records.isRecord($0, popped) }) {
            if !isRight || popped == pushed { return wrong("wrong record \(popped)") }
            popped += 1
            reads -= 1
        }
        if isAllVisible && popped != pushed { return wrong("\(pushed - popped) invisible") }
        if isFull {
            guard producer.push(records.fill(buffer, pushed)) else { return wrong("full when empty") }
            pushed += 1
        }
    }
}

private func checkLeaving<P: RecordProducer & ~Copyable, C: RecordConsumer & ~Copyable>(
    _ name: String, _ make: (Int) -> Ends<P, C>
) {
    func pushAndLeave(_ ends: consuming Ends<P, C>) -> C {
        var producer = ends.producer
        _ = [UInt8](repeating: 7, count: 16).withUnsafeBytes { producer.push($0) }
        producer.flush()
        return ends.consumer
    }
    func leaveAndPush(_ ends: consuming Ends<P, C>) -> P { ends.producer }
    var consumer = pushAndLeave(make(4096))
    if !consumer.pop({ _ in }) { Issue.record("\(name): the record went with its producer") }
    var producer = leaveAndPush(make(4096))
    var isFull = false
    for _ in 0..<4000 where !isFull {
        isFull = [UInt8](repeating: 7, count: 16).withUnsafeBytes { !producer.push($0) }
    }
    if !isFull { Issue.record("\(name): never full") }
}

private func checkAll<P: RecordProducer & ~Copyable & Sendable, C: RecordConsumer & ~Copyable & Sendable>(
    _ name: String, _ make: (Int) -> Ends<P, C>
) {
    for (capacity, lengths) in [(2048, 1...100), (4096, 16...128), (65536, 16...128), (4096, 1...1)] {
        checkRecords(name, make, capacity: capacity, lengths: lengths)
        for seed in 1...3 as ClosedRange<UInt64> {
            checkRecordModel(name, seed: seed, make, capacity: capacity, lengths: lengths)
        }
    }
    checkLeaving(name, make)
}

extension RingStrategiesTests {
    @Suite struct RecordsLostTornOrSplit {
        @Test func paddedByteRing() {
            checkAll("byte-padded", PaddedByteRing.make)
            // As long as half of the ring: a padding is due at nearly every wrap.
            checkRecords("byte-padded", PaddedByteRing.make, capacity: 256, lengths: 100...124)
        }

        @Test func mirroredByteRing() { checkAll("byte-mirrored", MirroredByteRing.make) }

        @Test func recordSlots() { checkAll("record-slots", RecordSlots.make) }

        @Test func pageHandOverRecords() {
            checkAll("page-hand-over", PageHandOverRecords.make)
            checkRecords("page-hand-over", PageHandOverRecords.make, capacity: 2048, lengths: 200...252)
        }
    }
}
