import Harness
import RingStrategies

/// One lossless transfer of items.
///
///     producer thread                                 consumer thread
///     push(first), push(first + 1), ...  -> ring ->   pop, compare with first, first + 1, ...
///
/// Each item is compared with the one expected next inside the timed pass.
struct ItemTransfer {
    enum Style: Equatable {
        case single
        case batch(Int)
        /// The consumer takes all that is visible.
        case drain
    }

    var style = Style.single
    var count: Int
    var slowProducer = false
    var slowConsumer = false
    var oversubscribed = false

    func run<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable>(
        _ context: inout SampleContext, _ ends: consuming Ends<P, C>
    ) throws -> Sample where P.Item: Payload, P.Item == C.Item {
        let first = firstValue(context.seed)
        let count = UInt64(count)
        let seed = context.seed
        let abandoned = context.abandoned
        let transfer = self
        return try context.race(
            operations: Int(count), ends.producer, ends.consumer,
            produce: { half in
                switch transfer.style {
                case .single, .drain:
                    let wait = Wait(abandoned, yields: transfer.oversubscribed)
                    // Two copies of the loop: the fast one does not ask at each item.
                    if transfer.slowProducer {
                        half = transfer.feed(half, first, count, works: true, wait)
                    } else {
                        half = transfer.feed(half, first, count, works: false, wait)
                    }
                case .batch(let size):
                    half = transfer.feed(
                        half, first, count, size, Wait(abandoned, yields: transfer.oversubscribed))
                }
            },
            consume: { half in
                var mismatch: UInt64?
                let wait = Wait(abandoned, yields: transfer.oversubscribed)
                switch transfer.style {
                case .single where transfer.slowConsumer:
                    half = transfer.check(half, first, count, works: true, wait, &mismatch)
                case .single: half = transfer.check(half, first, count, works: false, wait, &mismatch)
                case .batch(let size): half = transfer.checkDrained(half, first, count, size, wait, &mismatch)
                case .drain: half = transfer.checkDrained(half, first, count, .max, wait, &mismatch)
                }
                if let mismatch {
                    throw VerificationFailure(
                        "an item was lost, repeated, reordered or altered", at: "item \(mismatch)", seed: seed)
                }
            })
    }

    // The halves go in and out by value, through `moved`: as locals their indices stay in registers.

    @inline(__always)
    private func feed<P: ItemProducer & ~Copyable>(
        _ half: consuming P, _ first: UInt64, _ count: UInt64, works: Bool, _ wait: Wait
    ) -> P where P.Item: Payload {
        var producer = Harness.moved(half)
        var wait = wait
        var work = DependentWork()
        let end = first &+ count
        var value = first
        while value != end {
            if producer.push(.make(value)) {
                if works { work.work(on: value) }
                value &+= 1
            } else if !wait.once() {
                break
            }
        }
        producer.flush()
        Harness.consume(work.result)
        return Harness.moved(producer)
    }

    @inline(__always)
    private func feed<P: ItemProducer & ~Copyable>(
        _ half: consuming P, _ first: UInt64, _ count: UInt64, _ size: Int, _ wait: Wait
    ) -> P where P.Item: Payload {
        var producer = Harness.moved(half)
        var wait = wait
        let end = first &+ count
        var value = first
        withUnsafeTemporaryAllocation(of: P.Item.self, capacity: size) { batch in
            while value != end {
                let wanted = Int(min(UInt64(size), end &- value))
                for i in 0..<wanted { batch[i] = .make(value &+ UInt64(i)) }
                var done = 0
                while done < wanted {
                    let taken = producer.push(batch: UnsafeBufferPointer(rebasing: batch[done..<wanted]))
                    done += taken
                    if taken == 0, !wait.once() { return }
                }
                value &+= UInt64(wanted)
            }
        }
        producer.flush()
        return Harness.moved(producer)
    }

    @inline(__always)
    private func check<C: ItemConsumer & ~Copyable>(
        _ half: consuming C, _ first: UInt64, _ count: UInt64, works: Bool, _ wait: Wait, _ mismatch: inout UInt64?
    ) -> C where C.Item: Payload {
        var consumer = Harness.moved(half)
        var wait = wait
        var work = DependentWork()
        let end = first &+ count
        var value = first
        while value != end {
            if let item = consumer.pop() {
                if !item.isEqual(to: .make(value)) {
                    mismatch = value &- first
                    break
                }
                if works { work.work(on: value) }
                value &+= 1
            } else if !wait.once() {
                break
            }
        }
        Harness.consume(work.result)
        return Harness.moved(consumer)
    }

    @inline(__always)
    private func checkDrained<C: ItemConsumer & ~Copyable>(
        _ half: consuming C, _ first: UInt64, _ count: UInt64, _ limit: Int, _ wait: Wait, _ mismatch: inout UInt64?
    ) -> C where C.Item: Payload {
        var consumer = Harness.moved(half)
        var wait = wait
        let end = first &+ count
        var value = first
        var wrong = false
        while value != end, !wrong {
            let taken = consumer.drain(upTo: limit) { item in
                wrong = wrong || !item.isEqual(to: .make(value))
                value &+= 1
            }
            if taken == 0, !wait.once() { break }
        }
        if wrong { mismatch = value &- first }
        return Harness.moved(consumer)
    }
}

/// The round trip of one item through two rings.
///
///     this thread     push -> ring A -> pop     helper thread
///                     pop <- ring B <- push
struct PingPong {
    var rounds: Int

    struct Side<P: ~Copyable & Sendable, C: ~Copyable & Sendable>: ~Copyable, Sendable {
        var producer: P
        var consumer: C
    }

    func run<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable & Sendable>(
        _ context: inout SampleContext, _ a: consuming Ends<P, C>, _ b: consuming Ends<P, C>
    ) throws -> Sample where P.Item == UInt64, C.Item == UInt64 {
        let first = firstValue(context.seed)
        let seed = context.seed
        let end = first &+ UInt64(rounds)
        let abandoned = context.abandoned
        let near = Side(producer: a.producer, consumer: b.consumer)
        let far = Side(producer: b.producer, consumer: a.consumer)
        return try context.race(
            operations: rounds, far, near,
            produce: { side in
                var value = first
                side = Self.answer(side, &value, end, abandoned)
            },
            consume: { side in
                var value = first
                side = Self.ask(side, &value, end, abandoned)
                if value != end {
                    throw VerificationFailure("another item came back", at: "round \(value &- first)", seed: seed)
                }
            })
    }

    @inline(__always)
    private static func answer<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable & Sendable>(
        _ side: consuming Side<P, C>, _ value: inout UInt64, _ end: UInt64, _ abandoned: AbandonFlag
    ) -> Side<P, C> where P.Item == UInt64, C.Item == UInt64 {
        var producer = side.producer
        var consumer = side.consumer
        var spins = 0
        while value != end {
            if let item = consumer.pop() {
                if !producer.push(item) { break }
                producer.flush()
                value &+= 1
            } else {
                spins &+= 1
                if spins & 0xFFFF == 0, abandoned.isRaised { break }
            }
        }
        return Side(producer: producer, consumer: consumer)
    }

    /// `value` ends short of `end` where something else came back.
    @inline(__always)
    private static func ask<P: ItemProducer & ~Copyable & Sendable, C: ItemConsumer & ~Copyable & Sendable>(
        _ side: consuming Side<P, C>, _ value: inout UInt64, _ end: UInt64, _ abandoned: AbandonFlag
    ) -> Side<P, C> where P.Item == UInt64, C.Item == UInt64 {
        var producer = side.producer
        var consumer = side.consumer
        var spins = 0
        rounds: while value != end {
            if !producer.push(value) { break }
            producer.flush()
            while true {
                if let item = consumer.pop() {
                    if item != value { break rounds }
                    break
                }
                spins &+= 1
                if spins & 0xFFFF == 0, abandoned.isRaised { break rounds }
            }
            value &+= 1
        }
        return Side(producer: producer, consumer: consumer)
    }
}

/// The cost of a push and a pop with nobody on the other side: one thread pushes 64 items, pops 64, and so on.
struct SingleThread {
    var count: Int

    func run<P: ItemProducer & ~Copyable, C: ItemConsumer & ~Copyable>(
        _ context: inout SampleContext, _ ends: consuming Ends<P, C>
    ) throws -> Sample where P.Item == UInt64, C.Item == UInt64 {
        let first = firstValue(context.seed)
        let seed = context.seed
        var ends = ends
        var wrong: UInt64?
        let sample = context.time(operations: count) {
            ends = Self.alternate(ends, first, first &+ UInt64(count), &wrong)
        }
        if let wrong {
            throw VerificationFailure("an item was refused or altered", at: "item \(wrong &- first)", seed: seed)
        }
        return sample
    }

    @inline(__always)
    private static func alternate<P: ItemProducer & ~Copyable, C: ItemConsumer & ~Copyable>(
        _ ends: consuming Ends<P, C>, _ first: UInt64, _ end: UInt64, _ wrong: inout UInt64?
    ) -> Ends<P, C> where P.Item == UInt64, C.Item == UInt64 {
        var producer = ends.producer
        var consumer = ends.consumer
        var failed: UInt64?
        var value = first
        while value != end, failed == nil {
            let stop = min(value &+ 64, end)
            for item in value..<stop where !producer.push(item) { failed = item }
            producer.flush()
            for item in value..<stop where consumer.pop() != item { failed = item }
            value = stop
        }
        wrong = failed
        return Ends(producer: producer, consumer: consumer)
    }
}
