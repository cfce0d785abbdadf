package import Checker
import MemoryAccess
import RingBuffers

/// Rings that overwrite what nobody has read in time.
package enum BroadcastRings {
    struct Pair: BitwiseCopyable {
        var number, other: UInt64
    }

    /// - Parameters:
    ///   - ahead: elements that were published before.
    ///   - looks: how often each reader looks.
    static func published(
        _ name: String, capacity: Int, count: Int, ahead: Int = 0, readers: Int = 1, looks: Int, start: UInt64 = 0
    ) -> Program {
        Program(name) { machine in
            let ring = GenericBroadcastRing<Pair, CheckedMemory>(minimumCapacity: capacity, startingAt: start)
            let source = ring.readers
            var producer = ring.producer
            for number in 0..<UInt64(ahead) { producer.publish(Pair(number: number, other: ~number)) }
            let sending = Handed(producer)
            var threads: [(name: String, body: () -> Void)] = [
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for number in UInt64(ahead)..<UInt64(ahead + count) {
                            producer.publish(Pair(number: number, other: ~number))
                        }
                    }
                )
            ]
            for number in 0..<readers {
                threads.append(
                    (
                        "reader \(number)",
                        {
                            var reader = source.makeReader()
                            read(&reader, from: reader.firstPosition &- start, looks: looks, machine)
                        }
                    ))
            }
            return .init(threads)
        }
    }

    /// Elements of one word, drained until the producer is gone; who leaves last frees the ring.
    static func drained(count: Int, readers: Int) -> Program {
        Program(
            "broadcast ring, \(count) elements, \(readers == 1 ? "a reader drains" : "\(readers) readers drain") it"
        ) { machine in
            let ring = GenericBroadcastRing<UInt64, CheckedMemory>(minimumCapacity: 4)
            let halves = (0..<readers).map { _ in Handed(ring.makeReader()) }
            let sending = Handed(ring.producer)
            let words = LastWords()
            var threads: [(name: String, body: () -> Void)] = [
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for number in 0..<UInt64(count) { producer.publish(number) }
                        words.say()
                    }
                )
            ]
            for (index, half) in halves.enumerated() {
                threads.append(
                    (
                        "reader \(index)",
                        {
                            var reader = half.take()
                            var got: UInt64 = 0
                            while !reader.isFinished {
                                let count = reader.drain { number in
                                    // What it has skipped was overwritten.
                                    if number < got { machine.report("\(number) where \(got) was next") }
                                    got = number &+ 1
                                }
                                if count == 0 { CheckedMemory.pause() }
                            }
                            words.read()
                            if reader.position != UInt64(count) { machine.report("the end at \(reader.position)") }
                        }
                    ))
            }
            return .init(threads)
        }
    }

    private static func read(
        _ reader: inout GenericBroadcastRing<Pair, CheckedMemory>.Reader, from first: UInt64, looks: Int,
        _ machine: Machine
    ) {
        var got: UInt64 = 0
        for _ in 0..<looks {
            guard let pair = reader.next() else {
                if reader.isFinished { return }
                continue
            }
            if pair.other != ~pair.number { machine.report("\(pair) is torn") }
            if pair.number != first &+ got &+ reader.lostCount {
                machine.report("\(pair.number) where \(first) + \(got) read + \(reader.lostCount) lost were before")
            }
            got += 1
        }
    }

    package static let programs: [Program] = [
        published("broadcast ring, 2 elements", capacity: 8, count: 2, looks: 3),
        published("broadcast ring, overwritten", capacity: 2, count: 3, ahead: 2, looks: 2),
        published(
            "broadcast ring, overwritten, index near the end", capacity: 2, count: 3, ahead: 2, looks: 2,
            start: .max - 2),
        published("broadcast ring, claims of several", capacity: 16, count: 3, ahead: 15, looks: 2),
        drained(count: 2, readers: 1),
        drained(count: 6, readers: 1),
        drained(count: 1, readers: 2),
        published("broadcast ring, 2 readers", capacity: 2, count: 2, ahead: 1, readers: 2, looks: 2),
    ]
}
