import RingBuffers
import Synchronization
import Testing

@Suite("Slot ring at its edges")
struct SPSCEdgeTests {
    @Test(arguments: zip([1, 7, 8, 9, 64, 65, 1000], [8, 8, 8, 16, 64, 128, 1024]))
    func capacityNotRoundedUp(minimum: Int, capacity: Int) {
        let ring = SPSCRing<UInt64>(minimumCapacity: minimum)
        expect(ring.producer.capacity == capacity && ring.consumer.capacity == capacity)
    }

    @Test func pushedElementKeptBack() {
        checkPromptness(UInt8.self)
        checkPromptness(UInt32.self)
        checkPromptness(UInt64.self)
        checkPromptness(Pair.self)
        checkPromptness(CacheLine.self)
        checkPromptness(Page.self)
        checkPromptness(Nothing.self)
        checkPromptness(Token.self)
    }

    /// Singles, batches, and both after a stream, which turns the consumer to the lagging tail.
    func checkPromptness<Element: Tagged>(_: Element.Type) {
        let ring = SPSCRing<Element>(minimumCapacity: 256)
        var producer = ring.producer
        var consumer = ring.consumer
        var sent: UInt64 = 0
        var received: UInt64 = 0
        for size in [1, 1, 1, 1, 1, 1, 2, 3, 1, 17, 1, 2, 200, 1, 1, 2, 64, 1, 200, 3, 1, 1, 1, 1, 1] {
            if size == 1 {
                sent += 1
                expect(producer.push(Element(tag: sent)))
            } else {
                let elements = (0..<UInt64(size)).map { Element(tag: sent + 1 + $0) }
                sent += UInt64(size)
                expect(producer.push(contentsOf: elements.span) == size)
            }
            while received < sent {
                received += 1
                guard let element = consumer.pop() else {
                    Issue.record("element \(received) of \(sent) of \(Element.self) cannot be popped")
                    return
                }
                expect(element.tag == Element.kept(received))
            }
            // Every other time without the look that finds nothing.
            if size % 2 == 0 { expect(consumer.pop() == nil) }
        }
    }

    @Test(arguments: [8, 16, 32, 64])
    func readSlotsKeptFromTheProducer(capacity: Int) {
        let ring = SPSCRing<UInt64>(minimumCapacity: capacity)
        var producer = ring.producer
        var consumer = ring.consumer
        // Hand-overs one by one, then a burst: all but an eighth of the ring has to be free.
        for count in 1...20 as ClosedRange<UInt64> {
            expect(producer.push(count))
            expect(consumer.pop() == count)
            var room = 0
            while producer.push(0) { room += 1 }
            expect(room >= capacity - capacity / 8, "\(room) of \(capacity) slots after \(count) hand-overs")
            while consumer.pop() != nil {}
            for again in 1...count { _ = (producer.push(again), consumer.pop()) }
        }
    }

    @Test func fullRingTookAnElement() {
        let ring = SPSCRing<UniqueWord>(minimumCapacity: 8)
        var producer = ring.producer
        var consumer = ring.consumer
        for tag in 0..<8 as Range<UInt64> { expect(producer.offer(UniqueWord(tag: tag)) == nil) }
        let refused = producer.offer(UniqueWord(tag: 8))
        expect(tag(of: refused) == 8)
        expect(tag(of: consumer.pop()) == 0)
        consumer.giveBack()
        expect(producer.offer(UniqueWord(tag: 9)) == nil)
        expect(producer.offer(UniqueWord(tag: 10)) != nil)
    }

    @Test(arguments: [true, false], 0...9)
    func remainingElementsLeakedWhenHalvesEnd(producerFirst: Bool, popped: Int) {
        let census = Census()
        do {
            let ring = SPSCRing<Unique>(minimumCapacity: 16, startingAt: .max - 4)
            var producer = ring.producer
            var consumer = ring.consumer
            for tag in 0..<12 as Range<UInt64> {
                expect(producer.offer(Unique(tag: tag, census: census)) == nil)
            }
            for tag in 0..<UInt64(popped) { expect(self.tag(of: consumer.pop()) == tag) }
            if producerFirst {
                _ = consume producer
                expect(!consumer.isFinished)
                while consumer.pop() != nil {}
                expect(consumer.isFinished)
                _ = consume consumer
            } else {
                _ = consume consumer
                expect(producer.isConsumerGone)
                expect(producer.offer(Unique(tag: 99, census: census)) == nil)
                _ = consume producer
            }
        }
        expect(census.living == 0)
    }

    func tag(of element: consuming UniqueWord?) -> UInt64? {
        if let element { element.tag } else { nil }
    }

    func tag(of element: consuming Unique?) -> UInt64? {
        if let element { element.tag } else { nil }
    }

    @Test func thrownReservationLeaked() {
        let census = Census()
        do {
            let ring = SPSCRing<Unique>(minimumCapacity: 8)
            var producer = ring.producer
            var consumer = ring.consumer
            do throws(Refusal) {
                try producer.reserve(upTo: 4) { (span) throws(Refusal) in
                    span.append(Unique(tag: 1, census: census))
                    span.append(Unique(tag: 2, census: census))
                    throw Refusal()
                }
                Issue.record("the error got lost")
            } catch {}
            expect(census.made.load(ordering: .relaxed) == 2 && census.living == 0)
            expect(consumer.pop() == nil)
        }
    }

    @Test func preconditionsIgnored() async {
        await #expect(processExitsWith: .failure) { _ = SPSCRing<UInt64>(minimumCapacity: 0) }
        await #expect(processExitsWith: .failure) {
            let ring = SPSCRing<UInt64>(minimumCapacity: 8)
            var producer = ring.producer
            var consumer = ring.consumer
            _ = producer.push(1)
            _ = consumer.consume { _ in 2 }
        }
        await #expect(processExitsWith: .failure) {
            let box = Handoff(1)
            _ = box.take()
            _ = box.take()
        }
    }
}
