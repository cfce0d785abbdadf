import Foundation
import Testing

@testable import RingBuffers

@Suite(.serialized) struct BroadcastRingStressTests {
    /// Reads until the producer is gone, and checks each element and the account after it.
    static func follow(
        _ reader: consuming BroadcastRing<OddElement>.Reader, start: UInt64, count: UInt64, idling: Int, batch: Bool
    ) {
        var reader = reader
        var returned: UInt64 = 0
        var next = reader.firstPosition
        let first = reader.firstPosition
        func check(_ element: OddElement) {
            if element != OddElement(element.value) { fatalError("torn: \(element)") }
            if Int64(bitPattern: start &+ element.value &- next) < 0 { fatalError("stale: \(element) below \(next)") }
            next = start &+ element.value &+ 1
            returned += 1
        }
        while true {
            let isLast = reader.isFinished
            if batch {
                _ = reader.drain(upTo: 17, check)
            } else if let element = reader.next() {
                check(element)
                if next != reader.position { fatalError("element \(element) at \(reader.position)") }
            }
            if returned &+ reader.lostCount != reader.position &- first { fatalError("account does not balance") }
            if isLast { break }
            for _ in 0..<idling { sched_yield() }
        }
        if reader.position != start &+ count { fatalError("stopped at \(reader.position)") }
    }

    @Test(arguments: [2, 16, 1024], [0 as UInt64, 0 &- 9000])
    func readerGetsATornOrStaleElement(capacity: Int, start: UInt64) {
        let ring = BroadcastRing<OddElement>(minimumCapacity: capacity, startingAt: start)
        let count: UInt64 = 25_000
        let quick = RingTestParcel(ring.makeReader())
        let slow = RingTestParcel(ring.makeReader())
        let batch = RingTestParcel(ring.makeReader())
        let readers = ring.readers
        let writing = RingTestParcel(ring.producer)
        onThreads(
            {
                var producer = writing.open()
                for value in 0..<count { producer.publish(OddElement(value)) }
            },
            { Self.follow(quick.open(), start: start, count: count, idling: 0, batch: false) },
            { Self.follow(slow.open(), start: start, count: count, idling: 3, batch: false) },
            { Self.follow(batch.open(), start: start, count: count, idling: 1, batch: true) },
            {
                for index in 0..<50 {
                    var late = readers.makeReader(from: index % 2 == 0 ? .oldest : .newest)
                    if let element = late.next(), element != OddElement(element.value) { fatalError("torn") }
                }
                Self.follow(readers.makeReader(from: .newest), start: start, count: count, idling: 0, batch: true)
            })
    }

    @Test func oneWordElementIsStale() {
        let ring = BroadcastRing<UInt64>(minimumCapacity: 8)
        let count: UInt64 = 200_000
        let reading = RingTestParcel(ring.makeReader())
        let writing = RingTestParcel(ring.producer)
        onThreads(
            {
                var producer = writing.open()
                for value in 0..<count { producer.publish(value) }
            },
            {
                var reader = reading.open()
                while true {
                    let isLast = reader.isFinished
                    // An element's value is its index: a stale or early one would not fit its place.
                    if let value = reader.next(), value != reader.position &- 1 { fatalError("\(value)") }
                    if isLast { break }
                }
                if reader.position != count { fatalError("stopped at \(reader.position)") }
            })
    }

    @Test func memoryIsFreedUnderAnOwner() {
        for _ in 0..<200 {
            let ring = BroadcastRing<UInt64>(minimumCapacity: 64)
            let reading = RingTestParcel(ring.makeReader())
            let readers = ring.readers
            let writing = RingTestParcel(ring.producer)
            onThreads(
                {
                    var producer = writing.open()
                    for value in 0..<100 as Range<UInt64> { producer.publish(value) }
                },
                {
                    var reader = reading.open()
                    while reader.next() != nil {}
                },
                {
                    var reader = readers.makeReader()
                    while reader.next() != nil {}
                })
        }
    }
}
