import CPlatform
import Harness
import RingStrategies

/// One producer that never waits, and a reader that loses what it is too slow for.
///
///     producer thread                          reader thread
///     publish(first), publish(first + 1) ...   pop: item n of all published, where n = read + counted as lost
///
/// Each item must stand where the loss count says, and in the end read + lost = published. What is timed is the
/// producer alone: ns a publish.
struct Overwriting {
    var count: Int
    var slowReader = false

    func run<P: OverwritingProducer & ~Copyable & Sendable, C: OverwritingConsumer & ~Copyable>(
        _ context: inout SampleContext, _ ends: consuming Ends<P, C>
    ) throws -> Sample where P.Item == UInt64, C.Item == UInt64 {
        let first = firstValue(context.seed)
        let end = first &+ UInt64(count)
        let seed = context.seed
        let abandoned = context.abandoned
        let slowReader = slowReader
        let clock = PublishClock()
        _ = try context.race(
            operations: count, ends.producer, ends.consumer,
            produce: { half in
                let start = Ticks.now()
                half = Self.publish(half, first, end)
                clock.nanoseconds = Ticks.nanoseconds(from: start, to: Ticks.now())
            },
            consume: { half in
                var mismatch: UInt64?
                half = Self.read(half, first, end, slowReader, Wait(abandoned, yields: false), &mismatch)
                if let mismatch {
                    throw VerificationFailure(
                        "an item is torn or stale, or the loss count is wrong", at: "item \(mismatch)", seed: seed)
                }
            })
        return Sample(nanoseconds: clock.nanoseconds, operations: count, unit: context.unit)
    }

    /// Written by the producer's thread, read after the race: its end orders the two.
    private final class PublishClock: @unchecked Sendable {
        var nanoseconds = 0.0
    }

    @inline(__always)
    private static func publish<P: OverwritingProducer & ~Copyable>(
        _ half: consuming P, _ first: UInt64, _ end: UInt64
    ) -> P where P.Item == UInt64 {
        var producer = Harness.moved(half)
        var value = first
        while value != end {
            producer.publish(value)
            value &+= 1
        }
        producer.flush()
        return Harness.moved(producer)
    }

    @inline(__always)
    private static func read<C: OverwritingConsumer & ~Copyable>(
        _ half: consuming C, _ first: UInt64, _ end: UInt64, _ slow: Bool, _ wait: Wait, _ mismatch: inout UInt64?
    ) -> C where C.Item == UInt64 {
        var consumer = Harness.moved(half)
        var wait = wait
        var work = DependentWork()
        var taken: UInt64 = 0
        while first &+ taken &+ consumer.lostCount != end {
            if let item = consumer.pop() {
                if item != first &+ taken &+ consumer.lostCount {
                    mismatch = taken
                    break
                }
                taken &+= 1
                if slow { work.work(on: item) }
            } else if !wait.once() {
                break
            }
        }
        Harness.consume(work.result)
        return Harness.moved(consumer)
    }
}
