import RingBuffers
import Testing

@Suite("Slot ring against an array")
struct SPSCModelTests {
    static let capacities = [8, 16, 32, 64]
    static let starts: [UInt64] = [0, (1 << 32) - 3, .max - 2]

    @Test(arguments: capacities, starts)
    func wordsOutOfOrder(capacity: Int, start: UInt64) { check(UInt64.self, capacity, start) }

    @Test(arguments: capacities, starts)
    func halfWordsOutOfOrder(capacity: Int, start: UInt64) { check(UInt32.self, capacity, start) }

    @Test(arguments: capacities, starts)
    func bytesOutOfOrder(capacity: Int, start: UInt64) { check(UInt8.self, capacity, start) }

    @Test(arguments: capacities, starts)
    func linesOutOfOrder(capacity: Int, start: UInt64) { check(CacheLine.self, capacity, start) }

    @Test(arguments: [8, 16], starts)
    func pagesOutOfOrder(capacity: Int, start: UInt64) { check(Page.self, capacity, start, operations: 400) }

    @Test(arguments: capacities, starts)
    func zeroSizedElementsMiscounted(capacity: Int, start: UInt64) { check(Nothing.self, capacity, start) }

    @Test(arguments: capacities, starts)
    func referencesLeakedOrReleasedTwice(capacity: Int, start: UInt64) {
        let census = Census()
        Token.$census.withValue(census) { check(Token.self, capacity, start) }
        #expect(census.living == 0)
    }

    func check<Element: Tagged>(
        _: Element.Type, _ capacity: Int, _ start: UInt64, operations: Int = 1000,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for seed in 1...3 as ClosedRange<UInt64> {
            var run = ModelRun<Element>(capacity: capacity, start: start, seed: seed &* 77 &+ UInt64(capacity))
            for step in 0..<operations {
                let before = run.model.count
                let name = run.step()
                if let problem = run.problem {
                    let place = "seed \(seed), step \(step), \(before) elements before \(name)"
                    Issue.record("\(problem): \(place)", sourceLocation: sourceLocation)
                    return
                }
            }
        }
    }
}

/// One ring and the array that it should equal.
struct ModelRun<Element: Tagged>: ~Copyable {
    var producer: SPSCRing<Element>.Producer
    var consumer: SPSCRing<Element>.Consumer
    let capacity: Int
    var model: [UInt64] = []
    var random: SeededRandom
    var next: UInt64 = 0
    var problem: String?

    /// True while every slot that was read has been given back.
    var allGivenBack = true

    init(capacity: Int, start: UInt64, seed: UInt64) {
        let ring = SPSCRing<Element>(minimumCapacity: capacity, startingAt: start)
        producer = ring.producer
        consumer = ring.consumer
        self.capacity = capacity
        random = SeededRandom(state: seed)
    }

    /// Slots that must be free.
    var sureRoom: Int { max(0, capacity - model.count - (allGivenBack ? 0 : capacity / 8)) }

    mutating func require(_ condition: Bool, _ what: String) {
        if !condition && problem == nil { problem = what }
    }

    mutating func make() -> Element {
        next &+= 1
        return Element(tag: next)
    }

    mutating func popped(_ element: Element) {
        allGivenBack = false
        guard !model.isEmpty else { return require(false, "an element out of an empty ring") }
        let expected = model.removeFirst()
        require(element.tag == Element.kept(expected), "element \(element.tag) instead of \(expected)")
    }

    mutating func pushed(_ count: Int, of wanted: Int, from first: UInt64) {
        require(count <= min(wanted, capacity - model.count), "\(count) elements into \(capacity - model.count) slots")
        require(count >= min(wanted, sureRoom), "room for only \(count) of \(wanted) with \(sureRoom) slots free")
        for offset in 0..<count { model.append(first &+ UInt64(offset)) }
    }

    mutating func step() -> String {
        switch random.below(10) {
        case 0, 1: pushOne()
        case 2: offerOne()
        case 3: pushSpan()
        case 4: reserveSome()
        case 5, 6: popOne()
        case 7: drainSome()
        case 8: consumeSome()
        default: giveBackOrPopInto()
        }
    }
}

extension ModelRun {
    mutating func pushOne() -> String {
        for _ in 0...random.below(4) {
            let element = make()
            pushed(producer.push(element) ? 1 : 0, of: 1, from: next)
        }
        return "push"
    }

    mutating func offerOne() -> String {
        let element = make()
        let refused = producer.offer(element)
        if let refused { require(refused.tag == Element.kept(next), "offer gave another element back") }
        pushed(refused == nil ? 1 : 0, of: 1, from: next)
        return "offer"
    }

    mutating func pushSpan() -> String {
        let first = next &+ 1
        var elements: [Element] = []
        for _ in 0..<random.below(capacity + 4) { elements.append(make()) }
        pushed(producer.push(contentsOf: elements.span), of: elements.count, from: first)
        return "push(contentsOf:) of \(elements.count)"
    }

    mutating func reserveSome() -> String {
        let wanted = random.below(capacity + 4)
        let fill = random.below(capacity + 4)
        let fails = random.below(5) == 0
        let first = next &+ 1
        let mustHaveRoom = wanted > 0 && sureRoom > 0
        var offered = 0
        do throws(Refusal) {
            let appended = try producer.reserve(upTo: wanted) { (span) throws(Refusal) -> Int in
                offered = span.freeCapacity
                for offset in 0..<min(fill, offered) { span.append(Element(tag: first &+ UInt64(offset))) }
                if fails { throw Refusal() }
                return span.count
            }
            next &+= UInt64(appended)
            require(appended <= capacity - model.count, "reserve of \(appended) beyond the capacity")
            for offset in 0..<appended { model.append(first &+ UInt64(offset)) }
        } catch {}
        require(offered <= wanted && (offered > 0 || !mustHaveRoom), "\(offered) slots offered for \(wanted)")
        return "reserve(upTo: \(wanted)) of \(fill), throwing: \(fails)"
    }

    mutating func popOne() -> String {
        for _ in 0...random.below(4) {
            if let element = consumer.pop() {
                popped(element)
            } else {
                require(model.isEmpty, "pop found nothing")
                allGivenBack = true
            }
        }
        return "pop"
    }

    mutating func drainSome() -> String {
        let limit = random.below(capacity + 4)
        let failsAfter = random.below(4) == 0 ? random.below(capacity) : .max
        let before = model.count
        var seen: [UInt64] = []
        do throws(Refusal) {
            let count = try consumer.drain(upTo: limit) { (element) throws(Refusal) in
                seen.append(element.tag)
                if seen.count > failsAfter { throw Refusal() }
            }
            require(count == seen.count && count <= limit, "drain said \(count), gave \(seen.count) of \(limit)")
            require(count > 0 || limit == 0 || before == 0, "drain found nothing")
        } catch {}
        for tag in seen { popped(Element(tag: tag)) }
        return "drain(upTo: \(limit)), throwing after \(failsAfter)"
    }

    mutating func consumeSome() -> String {
        let limit = random.below(capacity + 4)
        let fraction = random.below(3)
        let fails = random.below(5) == 0
        let before = model.count
        var tags: [UInt64] = []
        do throws(Refusal) {
            let done = try consumer.consume(upTo: limit) { (span) throws(Refusal) -> Int in
                for index in 0..<span.count { tags.append(span[index].tag) }
                if fails { throw Refusal() }
                return span.count * fraction / 2
            }
            for tag in tags.prefix(done) { popped(Element(tag: tag)) }
        } catch {}
        require(tags.count <= limit, "consume showed \(tags.count) of \(limit)")
        require(!tags.isEmpty || limit == 0 || before == 0, "consume found nothing")
        return "consume(upTo: \(limit))"
    }

    mutating func giveBackOrPopInto() -> String {
        if random.below(2) == 0 {
            consumer.giveBack()
            allGivenBack = true
            return "giveBack"
        }
        let room = random.below(capacity)
        let before = model.count
        let elements = [Element](capacity: room) { span in
            let count = consumer.pop(into: &span)
            precondition(count == span.count, "pop(into:) said \(count), moved \(span.count)")
        }
        require(elements.count > 0 || room == 0 || before == 0, "pop(into:) found nothing")
        for element in elements { popped(element) }
        return "pop(into:) with room for \(room)"
    }
}
