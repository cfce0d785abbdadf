package import Checker
import MemoryAccess
import RingBuffers
import Synchronization

/// A value that is moved to the thread that is to hold it: a closure cannot take a noncopyable value along.
struct Handed<Value: ~Copyable>: @unchecked Sendable {
    private let place: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) {
        place = .allocate(capacity: 1)
        place.initialize(to: value)
    }

    /// Once.
    func take() -> Value {
        defer { place.deallocate() }
        return place.move()
    }
}

/// Shared words, 0 at first.
final class Words: @unchecked Sendable {
    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    init(_ count: Int) {
        words = .allocate(capacity: count)
        for index in 0..<count { (words + index).initialize(to: Atomic(0)) }
    }

    deinit { words.deallocate() }

    subscript(index: Int) -> SharedWord { words + index }
}

/// Two plain words that one thread writes before it goes, and another reads.
final class LastWords: @unchecked Sendable {
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 2)

    deinit { words.deallocate() }

    func say() { CheckedMemory.willWrite(words, byteCount: 8) }
    func sayOther() { CheckedMemory.willWrite(words + 1, byteCount: 8) }
    func read() { CheckedMemory.willRead(words, byteCount: 16) }
}

/// An element whose life is counted.
final class Counted {
    let number: UInt64
    let living: UnsafeMutablePointer<Int>

    init(_ number: UInt64, _ living: UnsafeMutablePointer<Int>) {
        self.number = number
        self.living = living
        living.pointee += 1
    }

    deinit { living.pointee -= 1 }
}

package enum SlotRings {
    typealias Ring<Element: ~Copyable> = GenericSPSCRing<Element, CheckedMemory>

    /// Elements of one word, singly; `ahead` were pushed and popped before, all but `left` of them.
    static func single(_ name: String, count: Int, ahead: Int = 0, left: Int = 0, start: UInt64 = 0) -> Program {
        Program(name) { machine in
            let ring = Ring<UInt64>(minimumCapacity: 8, startingAt: start)
            var producer = ring.producer
            var consumer = ring.consumer
            for number in 0..<UInt64(ahead) {
                if !producer.push(number) { machine.report("a ring that was drained is full") }
                // An empty look in between: so a consumer comes to want single elements as mail.
                if number < UInt64(ahead - left) {
                    if consumer.pop() != number { machine.report("not \(number)") }
                    if consumer.pop() != nil { machine.report("an element that was not pushed") }
                }
            }
            let (sending, receiving) = (Handed(producer), Handed(consumer))
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for number in UInt64(ahead)..<UInt64(ahead + count) {
                            while !producer.push(number) { CheckedMemory.pause() }
                        }
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        var next = UInt64(ahead - left)
                        while !consumer.isFinished {
                            guard let number = consumer.pop() else {
                                CheckedMemory.pause()
                                continue
                            }
                            if number != next { machine.report("\(number) instead of \(next)") }
                            next += 1
                        }
                        if next != UInt64(ahead + count) { machine.report("the end after \(next) elements") }
                    }
                ),
            ])
        }
    }

    /// Elements that are no plain words.
    static func pairs(count: Int) -> Program {
        Program("slot ring, pairs of words") { machine in
            let ring = Ring<(UInt64, UInt64)>(minimumCapacity: 8)
            let (sending, receiving) = (Handed(ring.producer), Handed(ring.consumer))
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for number in 0..<UInt64(count) {
                            while !producer.push((number, ~number)) { CheckedMemory.pause() }
                        }
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        var next: UInt64 = 0
                        while !consumer.isFinished {
                            guard let (number, other) = consumer.pop() else {
                                CheckedMemory.pause()
                                continue
                            }
                            if number != next || other != ~next { machine.report("\(number), \(other), not \(next)") }
                            next += 1
                        }
                        if next != UInt64(count) { machine.report("the end after \(next) elements") }
                    }
                ),
            ])
        }
    }

    /// Batches, of which the last wait for room.
    static func batches(_ sizes: [Int], left: Int) -> Program {
        Program("slot ring, batches of \(sizes)\(left > 0 ? " behind \(left) elements" : "")") { machine in
            let ring = Ring<UInt64>(minimumCapacity: 8)
            var producer = ring.producer
            for number in 0..<UInt64(left) where !producer.push(number) { machine.report("no room") }
            let total = UInt64(left + sizes.reduce(0, +))
            let (sending, receiving) = (Handed(producer), Handed(ring.consumer))
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        var next = UInt64(left)
                        for size in sizes {
                            var elements = (0..<UInt64(size)).map { next + $0 }
                            next += UInt64(size)
                            while !elements.isEmpty {
                                let done = producer.push(contentsOf: elements.span)
                                elements.removeFirst(done)
                                if done == 0 { CheckedMemory.pause() }
                            }
                        }
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        var next: UInt64 = 0
                        while !consumer.isFinished {
                            let count = consumer.drain { number in
                                if number != next { machine.report("\(number) instead of \(next)") }
                                next += 1
                            }
                            if count == 0 { CheckedMemory.pause() }
                        }
                        if next != total { machine.report("the end after \(next) elements") }
                    }
                ),
            ])
        }
    }

    /// Halves that go while the other one works: every element is destroyed once, whoever has it.
    static func ends(pushes: Int, pops: Int) -> Program {
        Program("slot ring, halves that go after \(pushes) pushes and \(pops) pops") { machine in
            let living = UnsafeMutablePointer<Int>.allocate(capacity: 1)
            living.initialize(to: 0)
            let ring = Ring<Counted>(minimumCapacity: 8)
            let (sending, receiving) = (Handed(ring.producer), Handed(ring.consumer))
            return .init(
                [
                    (
                        "producer",
                        {
                            var producer = sending.take()
                            for number in 0..<UInt64(pushes) {
                                if producer.isConsumerGone { break }
                                _ = producer.push(Counted(number, living))
                            }
                        }
                    ),
                    (
                        "consumer",
                        {
                            var consumer = receiving.take()
                            for _ in 0..<pops { _ = consumer.pop() }
                        }
                    ),
                ],
                finish: {
                    if living.pointee != 0 { machine.report("\(living.pointee) elements were not destroyed once") }
                    living.deallocate()
                })
        }
    }

    /// A consumer that streams: it looks at the lagging tail, and stays behind it.
    ///
    /// - Parameters:
    ///   - start: first index; 16 elements later the producer and the consumer begin.
    ///   - batch: elements that are pushed at a time; 1: singly.
    static func streaming(capacity: Int, start: UInt64, count: Int, batch: Int) -> Program {
        Program("slot ring, a consumer that streams, \(count) elements by \(batch)") { machine in
            let ring = Ring<UInt64>(minimumCapacity: capacity, startingAt: start)
            var producer = ring.producer
            var consumer = ring.consumer
            for number in 0..<16 as Range<UInt64> where !producer.push(number) { machine.report("no room") }
            for number in 0..<16 as Range<UInt64> where consumer.pop() != number { machine.report("not \(number)") }
            let (sending, receiving) = (Handed(producer), Handed(consumer))
            let total = 16 + UInt64(count)
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        var number: UInt64 = 16
                        while number < total {
                            if batch == 1 {
                                if !producer.push(number) { machine.report("no room for \(number)") }
                            } else {
                                let elements = (0..<UInt64(batch)).map { number + $0 }
                                if producer.push(contentsOf: elements.span) != batch { machine.report("no room") }
                            }
                            number += UInt64(batch)
                        }
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        var next: UInt64 = 16
                        for _ in 0..<count {
                            guard let number = consumer.pop() else { break }
                            if number != next { machine.report("\(number) instead of \(next)") }
                            next += 1
                        }
                    }
                ),
            ])
        }
    }

    /// Who sees that the other half is gone sees all that it did before.
    static let lastWords = Program("slot ring, what a half did before it went") { machine in
        let ring = Ring<UInt64>(minimumCapacity: 8)
        let (sending, receiving) = (Handed(ring.producer), Handed(ring.consumer))
        let words = LastWords()
        return .init([
            (
                "producer",
                {
                    let producer = sending.take()
                    if producer.isConsumerGone { words.read() } else { words.say() }
                }
            ),
            (
                "consumer",
                {
                    let consumer = receiving.take()
                    if consumer.isFinished { words.read() }
                    words.sayOther()
                }
            ),
        ])
    }

    /// Batches that wait for slots which are given back at once.
    static let givenBack = Program("slot ring, slots that are given back") { machine in
        let ring = Ring<UInt64>(minimumCapacity: 16)
        var producer = ring.producer
        for number in 0..<16 as Range<UInt64> where !producer.push(number) { machine.report("no room") }
        let (sending, receiving) = (Handed(producer), Handed(ring.consumer))
        return .init([
            (
                "producer",
                {
                    var producer = sending.take()
                    for number in 16..<18 as Range<UInt64> { while !producer.push(number) { CheckedMemory.pause() } }
                }
            ),
            (
                "consumer",
                {
                    var consumer = receiving.take()
                    for number in 0..<18 as Range<UInt64> {
                        while true {
                            if let found = consumer.pop() {
                                if found != number { machine.report("\(found) instead of \(number)") }
                                break
                            }
                            CheckedMemory.pause()
                        }
                        consumer.giveBack()
                    }
                }
            ),
        ])
    }

    package static let programs: [Program] = [
        single("slot ring, 2 elements", count: 2),
        single("slot ring, 3 elements", count: 3),
        single("slot ring, 4 elements", count: 4),
        single("slot ring, full", count: 2, ahead: 8, left: 8),
        single("slot ring, full, index near the end", count: 2, ahead: 8, left: 8, start: .max - 9),
        single("slot ring, elements as mail", count: 2, ahead: 40),
        single("slot ring, 3 elements as mail", count: 3, ahead: 40),
        pairs(count: 3),
        batches([2, 2], left: 0),
        batches([3], left: 7),
        streaming(capacity: 32, start: 12, count: 12, batch: 4),
        streaming(capacity: 64, start: 24, count: 26, batch: 1),
        lastWords,
        givenBack,
        ends(pushes: 2, pops: 2),
        ends(pushes: 3, pops: 1),
    ]
}
