import MemoryAccess
import RingBuffers
import Testing

@Suite("Slot ring between two threads", .serialized)
struct SPSCStressTests {
    @Test(arguments: [8, 64, 1024])
    func wordsLostOrDoubled(capacity: Int) { stream(UInt64.self, capacity, NativeMemory.self) }

    @Test(arguments: [8, 1024])
    func halfWordsLostOrDoubled(capacity: Int) { stream(UInt32.self, capacity, NativeMemory.self) }

    @Test(arguments: [8, 64])
    func linesTorn(capacity: Int) { stream(CacheLine.self, capacity, NativeMemory.self) }

    @Test func pagesTorn() { stream(Page.self, 8, NativeMemory.self, count: 5000) }

    @Test(arguments: [8, 64])
    func referencesLeakedBetweenThreads(capacity: Int) {
        let census = Census()
        Token.$census.withValue(census) {
            stream(Token.self, capacity, NativeMemory.self) { Token(tag: $0, census: census) }
        }
        #expect(census.living == 0)
    }

    @Test func uniqueElementsLostOrDoubled() {
        let census = Census()
        let ring = SPSCRing<Unique>(minimumCapacity: 16, startingAt: .max - 100)
        let (_, wrong) = ring.run { producer in
            var patience = Patience()
            for tag in 0..<50_000 as Range<UInt64> {
                var element: Unique? = Unique(tag: tag, census: census)
                while let refused = element.take() {
                    element = producer.offer(refused)
                    if element != nil { patience.wait() }
                }
            }
        } consuming: { consumer in
            var patience = Patience()
            var expected: UInt64 = 0
            var wrong = 0
            while !consumer.isFinished {
                guard let element = consumer.pop() else {
                    patience.wait()
                    continue
                }
                if element.tag != expected { wrong += 1 }
                expected += 1
            }
            return wrong + (expected == 50_000 ? 0 : 1)
        }
        #expect(wrong == 0)
        #expect(census.living == 0)
    }

    @Test func elementsLeakedWhenTheConsumerLeaves() {
        for stop in [0, 1, 7, 300] {
            let census = Census()
            let ring = SPSCRing<Unique>(minimumCapacity: 32)
            _ = ring.run { producer in
                var patience = Patience()
                var tag: UInt64 = 0
                while !producer.isConsumerGone {
                    if producer.offer(Unique(tag: tag, census: census)) != nil { patience.wait() } else { tag += 1 }
                }
            } consuming: { consumer in
                var patience = Patience()
                var received = 0
                while received < stop { if consumer.pop() != nil { received += 1 } else { patience.wait() } }
            }
            #expect(census.living == 0)
        }
    }

    @Test func elementsLeakedWhenTheProducerLeaves() {
        for stop in [0, 1, 7, 300] as [UInt64] {
            let census = Census()
            let ring = SPSCRing<Token>(minimumCapacity: 512)
            let (_, received) = ring.run { producer in
                for tag in 0..<stop { _ = producer.push(Token(tag: tag, census: census)) }
            } consuming: { consumer in
                var patience = Patience()
                var received: UInt64 = 0
                while !consumer.isFinished { if consumer.pop() != nil { received += 1 } else { patience.wait() } }
                return received
            }
            #expect(received == stop)
            #expect(census.living == 0)
        }
    }
}

/// Sends `count` elements through a ring, singly and in batches of every kind, and checks each on arrival.
func stream<Element: Tagged, Memory: MemoryModel>(
    _: Element.Type, _ capacity: Int, _: Memory.Type, count: UInt64 = 60_000,
    make: @Sendable (UInt64) -> Element = { Element(tag: $0) }
) {
    let ring = GenericSPSCRing<Element, Memory>(minimumCapacity: capacity, startingAt: .max - 1000)
    let (_, problem) = ring.run { producer in
        var random = SeededRandom(state: 1)
        var patience = Patience()
        var sent: UInt64 = 0
        while sent < count {
            let before = sent
            let wanted = min(count - sent, UInt64(random.below(5) == 0 ? random.below(24) : 2))
            switch random.below(4) {
            case 0:
                let elements = (0..<wanted).map { make(before + $0) }
                sent += UInt64(producer.push(contentsOf: elements.span))
            case 1:
                sent += producer.reserve(upTo: Int(wanted)) { span in
                    for offset in 0..<UInt64(span.freeCapacity) { span.append(make(before + offset)) }
                    return UInt64(span.count)
                }
            default:
                if producer.push(make(sent)) { sent += 1 }
            }
            if sent == before { patience.wait() } else { patience.reset() }
        }
    } consuming: { consumer -> String? in
        var random = SeededRandom(state: 2)
        var patience = Patience()
        var expected: UInt64 = 0
        var problem: String?
        func check(_ element: Element) {
            if element.tag != Element.kept(expected) && problem == nil { problem = "\(element.tag) at \(expected)" }
            expected += 1
        }
        while !consumer.isFinished {
            let before = expected
            switch random.below(6) {
            case 0: _ = consumer.drain(upTo: random.below(20)) { check($0) }
            case 1:
                _ = consumer.consume(upTo: 20) { span in
                    for index in 0..<span.count { check(span[index]) }
                    return span.count
                }
            default: if let element = consumer.pop() { check(element) }
            }
            if expected == before { patience.wait() } else { patience.reset() }
        }
        return expected == count ? problem : "\(expected) of \(count) elements arrived; \(problem ?? "in order")"
    }
    #expect(problem == nil)
}
