import Testing

@testable import RingBuffers

/// Three words and a half: the last word is not full.
struct OddElement: BitwiseCopyable, Sendable, Equatable {
    var first: UInt64
    var second: UInt64
    var third: UInt64
    var fourth: UInt32

    init(_ value: UInt64) {
        (first, second, third) = (value, value &* 3, ~value)
        fourth = UInt32(truncatingIfNeeded: value &* 5)
    }

    var value: UInt64 { first }
}

@Suite struct BroadcastRingTests {
    static let starts: [UInt64] = [0, 1, 1 << 32 - 3, 0 &- 1, 0 &- 3, 0 &- 100]

    @Test(arguments: starts)
    func readerMissesOrRepeatsElements(start: UInt64) {
        let ring = BroadcastRing<UInt64>(minimumCapacity: 64, startingAt: start)
        var first = ring.makeReader()
        var second = ring.makeReader()
        var producer = ring.producer
        for value in 0..<500 as Range<UInt64> {
            producer.publish(value)
            expect(first.next() == value)
            expect(first.next() == nil)
            if value % 7 == 6 {
                for expected in (value - 6)...value { expect(second.next() == expected) }
            }
        }
        expect(first.lostCount == 0)
        expect(second.lostCount == 0)
        expect(first.position &- start == 500)
    }

    @Test func elementsOfAnySizeAreGarbled() {
        func check<Element: BitwiseCopyable & Sendable & Equatable>(_ elements: [Element]) {
            let ring = BroadcastRing<Element>(minimumCapacity: 16)
            var reader = ring.makeReader()
            var producer = ring.producer
            for element in elements {
                producer.publish(element)
                expect(reader.next() == element)
            }
        }
        check([true, false, true])
        check([1, 2, 250] as [UInt8])
        check([1, 2, 65000] as [UInt16])
        check([nil, 7, nil, .max] as [UInt64?])
        check([1.5, -2.5])
        check((0..<40).map { OddElement(0x0123_4567_89AB_CDEF &* $0) })
        check((0..<40).map { SIMD16<UInt64>(repeating: $0) })
        check([SIMD3<UInt16>(1, 2, 3), SIMD3<UInt16>(9, 8, 7)])
    }

    @Test(arguments: starts, [2, 8, 64, 1024])
    func lossIsMiscounted(start: UInt64, capacity: Int) {
        let ring = BroadcastRing<OddElement>(minimumCapacity: capacity, startingAt: start)
        let history = UInt64(ring.guaranteedHistory)
        var slow = ring.makeReader()
        var idle = ring.makeReader()
        var producer = ring.producer
        var random = RingTestRandom(state: start)
        var (published, returned): (UInt64, UInt64) = (0, 0)
        for _ in 0..<200 {
            for _ in 0..<(random.next() % UInt64(capacity * 2)) {
                producer.publish(OddElement(published))
                published += 1
            }
            for _ in 0..<(random.next() % UInt64(capacity)) {
                let before = slow.lostCount
                guard let element = slow.next() else { break }
                // What was within the guaranteed history at the call is not lost.
                let due = returned &+ before
                if published - due <= history { expect(slow.lostCount == before) }
                expect(element == OddElement(returned &+ slow.lostCount))
                returned += 1
                expect(returned &+ slow.lostCount == slow.position &- slow.firstPosition)
            }
        }
        while let element = slow.next() {
            expect(element == OddElement(returned &+ slow.lostCount))
            returned += 1
        }
        expect(returned + slow.lostCount == published)
        expect(producer.position == start &+ published)
        var (seen, last): (UInt64, UInt64?) = (0, nil)
        while true {
            let count = idle.drain(upTo: 5) { element in
                expect(element == OddElement(element.value))
                if let last { expect(element.value == last + 1) }
                last = element.value
            }
            if count == 0 { break }
            seen += UInt64(count)
        }
        expect(last == published - 1)
        expect(seen + idle.lostCount == published)
        expect(seen <= UInt64(capacity))
    }

    /// A drain finds itself overtaken and goes on to the exact tail: so far, and no further, has the reader come.
    @Test(arguments: starts, [2, 4, 8, 64, 1024])
    func elementsOfAnEarlierLapFollowADrain(start: UInt64, capacity: Int) {
        let ring = BroadcastRing<UInt64>(minimumCapacity: capacity, startingAt: start)
        var reader = ring.makeReader()
        var producer = ring.producer
        var random = RingTestRandom(state: start)
        var (published, returned): (UInt64, UInt64) = (0, 0)
        for _ in 0..<200 {
            for _ in 0..<(random.next() % UInt64(capacity * 3)) {
                producer.publish(published)
                published += 1
            }
            returned += UInt64(
                reader.drain(upTo: Int(random.next() % UInt64(capacity * 2))) {
                    if $0 >= published { Issue.record("an element that was never published") }
                })
            if random.next() % 2 == 0 {
                for _ in 0..<(random.next() % UInt64(capacity)) {
                    guard let element = reader.next() else { break }
                    expect(element == returned &+ reader.lostCount)
                    returned += 1
                }
            }
            expect(returned + reader.lostCount == reader.position &- start)
            expect(returned + reader.lostCount <= published)
        }
        while let element = reader.next() {
            expect(element == returned &+ reader.lostCount)
            returned += 1
            if returned > published { break }
        }
        expect(returned + reader.lostCount == published)
    }

    @Test func lappedReaderTakesTheNewLapForItsOwn() {
        let ring = BroadcastRing<UInt64>(minimumCapacity: 64)
        var reader = ring.makeReader()
        var producer = ring.producer
        for value in 0..<64 as Range<UInt64> { producer.publish(value) }
        expect(reader.next() == 0)
        // Exactly one lap later, the reader's next slot holds element 65.
        producer.publish(64)
        producer.publish(65)
        let element = reader.next()
        expect(element.map { $0 == 1 + reader.lostCount } == true)
        expect(element != 65)
    }

    @Test(arguments: starts)
    func lateReaderStartsInTheWrongPlace(start: UInt64) {
        let ring = BroadcastRing<UInt64>(minimumCapacity: 64, startingAt: start)
        let readers = ring.readers
        var producer = ring.producer
        do {
            var early = readers.makeReader(from: .oldest)
            expect(early.next() == nil)
            expect(early.lostCount == 0)
        }
        for value in 0..<10 as Range<UInt64> { producer.publish(value) }
        var oldest = readers.makeReader(from: .oldest)
        var newest = readers.makeReader(from: .newest)
        expect(newest.next() == nil)
        expect(oldest.next() == 0)
        for value in 10..<1000 as Range<UInt64> { producer.publish(value) }
        var late = readers.makeReader(from: .oldest)
        let first = late.next()
        expect(first == 1000 - (late.position &- 1 == start &+ first! ? 1000 - first! : 0))
        expect(1000 - first! >= UInt64(producer.guaranteedHistory))
        expect(late.lostCount == 0)
        // From 10 on: lapped, but what it gets plus what it lost is everything since it began.
        var count: UInt64 = 0
        while newest.next() != nil { count += 1 }
        expect(count + newest.lostCount == 990)
    }

    @Test func readerCannotTellThatTheProducerIsGone() {
        let ring = BroadcastRing<UInt64>(minimumCapacity: 8)
        let readers = ring.readers
        var reader = ring.makeReader()
        let parcel = RingTestParcel(ring.producer)
        do {
            var producer = parcel.open()
            producer.publish(1)
            expect(!reader.isFinished)
        }
        expect(!reader.isFinished)
        expect(reader.next() == 1)
        expect(reader.isFinished)
        // The memory is still there for whoever comes late.
        var late = readers.makeReader(from: .oldest)
        expect(late.next() == 1)
        expect(late.isFinished)
    }

    struct Stop: Error {}

    @Test func drainCountsTheElementWhoseBodyThrew() {
        let ring = BroadcastRing<UInt64>(minimumCapacity: 8)
        var reader = ring.makeReader()
        var producer = ring.producer
        for value in 0..<4 as Range<UInt64> { producer.publish(value) }
        #expect(throws: Stop.self) { try reader.drain { if $0 == 1 { throw Stop() } } }
        expect(reader.next() == 2)
        expect(reader.position == 3)
    }
}
