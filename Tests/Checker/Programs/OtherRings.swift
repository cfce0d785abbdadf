package import Checker
import MemoryAccess
import RingBuffers

/// The byte ring, in the mapping that the checker can watch: of a mirrored one it sees two addresses for one byte.
package enum ByteRings {
    typealias Ring = GenericByteRing<CheckedMemory>

    /// - Parameters:
    ///   - sizes: of the records, in bytes.
    ///   - ahead: records of 12 bytes that were pushed and popped before.
    static func records(_ name: String, _ sizes: [Int], ahead: Int = 0, start: UInt64 = 0) -> Program {
        Program(name) { machine in
            let ring = try! Ring(minimumCapacity: 64, mapping: .padded, startingAt: start)
            var producer = ring.producer
            var consumer = ring.consumer
            for _ in 0..<ahead {
                _ = try! producer.push(record(0, 12).span.bytes)
                _ = consumer.pop { _ in }
            }
            let (sending, receiving) = (Handed(producer), Handed(consumer))
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for (number, size) in sizes.enumerated() {
                            let bytes = record(number, size)
                            while try! !producer.push(bytes.span.bytes) { CheckedMemory.pause() }
                        }
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        var next = 0
                        while !consumer.isFinished {
                            let size = consumer.pop { bytes -> Int in
                                bytes.withUnsafeBytes {
                                    CheckedMemory.willRead($0.baseAddress!, byteCount: $0.count)
                                    if !$0.elementsEqual(record(next, $0.count)) { machine.report("record \(next) is torn") }
                                    return $0.count
                                }
                            }
                            guard let size else {
                                CheckedMemory.pause()
                                continue
                            }
                            if next >= sizes.count || size != sizes[next] { machine.report("record \(next) of \(size) bytes") }
                            next += 1
                        }
                        if next != sizes.count { machine.report("the end after \(next) records") }
                    }
                ),
            ])
        }
    }

    /// A consumer that streams, and one half that goes early.
    static func streaming(records count: Int) -> Program {
        Program("byte ring, a consumer that streams, \(count) records") { machine in
            let ring = try! Ring(minimumCapacity: 512, mapping: .padded)
            var producer = ring.producer
            var consumer = ring.consumer
            for _ in 0..<7 { _ = try! producer.push(record(0, 44).span.bytes) }
            for _ in 0..<7 where consumer.pop({ _ in }) == nil { machine.report("a record is missing") }
            let (sending, receiving) = (Handed(producer), Handed(consumer))
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for number in 0..<count { _ = try! producer.push(record(number, 60).span.bytes) }
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        var next = 0
                        for _ in 0..<count {
                            let found: Void? = consumer.pop { bytes in
                                bytes.withUnsafeBytes {
                                    CheckedMemory.willRead($0.baseAddress!, byteCount: $0.count)
                                    if !$0.elementsEqual(record(next, 60)) { machine.report("record \(next) is torn") }
                                }
                            }
                            if found != nil { next += 1 }
                        }
                        consumer.giveBack()
                    }
                ),
            ])
        }
    }

    /// Bytes that are given back at once, and a half that goes early.
    static func ends(pushes: Int, pops: Int) -> Program {
        Program("byte ring, halves that go after \(pushes) pushes and \(pops) pops") { machine in
            let ring = try! Ring(minimumCapacity: 64, mapping: .padded)
            let (sending, receiving) = (Handed(ring.producer), Handed(ring.consumer))
            let words = LastWords()
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for number in 0..<pushes {
                            _ = try! producer.push(record(number, 28).span.bytes)
                            if producer.isConsumerGone {
                                words.read()
                                return
                            }
                        }
                        words.say()
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        for _ in 0..<pops {
                            _ = consumer.pop { bytes in
                                bytes.withUnsafeBytes { CheckedMemory.willRead($0.baseAddress!, byteCount: $0.count) }
                            }
                            consumer.giveBack()
                        }
                        if consumer.isFinished { words.read() }
                        words.sayOther()
                    }
                ),
            ])
        }
    }

    private static func record(_ number: Int, _ size: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(number + 1), count: size)
    }

    package static let programs: [Program] = [
        records("byte ring, 3 records", [12, 4, 20]),
        records("byte ring, full, with a pad", [20, 20, 28], ahead: 1),
        streaming(records: 4),
        ends(pushes: 3, pops: 2),
        records("byte ring, full, position near the end", [20, 20, 28], ahead: 1, start: .max - 31),
    ]
}

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
                threads.append((
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
        Program("broadcast ring, \(readers == 1 ? "a reader drains" : "\(readers) readers drain") it") { machine in
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
                threads.append((
                    "reader \(index)",
                    {
                        var reader = half.take()
                        var got: UInt64 = 0
                        while !reader.isFinished {
                            let count = reader.drain { number in
                                if number != got &+ reader_lost(number, got) { machine.report("\(number) after \(got)") }
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

    /// What a reader has skipped shows in the numbers, which only grow.
    private static func reader_lost(_ number: UInt64, _ expected: UInt64) -> UInt64 {
        number >= expected ? number - expected : 1
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
        published("broadcast ring, overwritten, index near the end", capacity: 2, count: 3, ahead: 2, looks: 2, start: .max - 2),
        published("broadcast ring, claims of several", capacity: 16, count: 3, ahead: 15, looks: 2),
        drained(count: 2, readers: 1),
        drained(count: 6, readers: 1),
        drained(count: 1, readers: 2),
        published("broadcast ring, 2 readers", capacity: 2, count: 2, ahead: 1, readers: 2, looks: 2),
    ]
}

package enum CallLines {
    static func calls(_ count: Int, answers: Int, start: UInt64 = 0) -> Program {
        Program("call line, \(count) calls, \(answers) answers\(start == 0 ? "" : ", count near the end")") { machine in
            let line = GenericCallLine<UInt64, UInt64, CheckedMemory>(startingAt: start)
            let (calling, responding) = (Handed(line.caller), Handed(line.responder))
            return .init([
                (
                    "caller",
                    {
                        var caller = calling.take()
                        for number in 0..<UInt64(count) {
                            _ = caller.send(number)
                            while true {
                                if let reply = caller.poll() {
                                    if reply != ~number { machine.report("\(reply) for \(number)") }
                                    break
                                }
                                if caller.isResponderGone {
                                    // It may have answered in between.
                                    if let reply = caller.poll(), reply != ~number { machine.report("\(reply)") }
                                    if number < UInt64(answers), caller.isWaiting { machine.report("no reply to \(number)") }
                                    return
                                }
                                CheckedMemory.pause()
                            }
                        }
                    }
                ),
                (
                    "responder",
                    {
                        var responder = responding.take()
                        var done = 0
                        while done < answers, !responder.isCallerGone {
                            guard let number = responder.poll() else {
                                CheckedMemory.pause()
                                continue
                            }
                            if number != UInt64(done) { machine.report("request \(number) instead of \(done)") }
                            responder.reply(~number)
                            done += 1
                        }
                    }
                ),
            ])
        }
    }

    package static let programs: [Program] = [
        calls(1, answers: 1), calls(2, answers: 2), calls(2, answers: 1), calls(3, answers: 3, start: .max - 1),
    ]
}

package enum Channels {
    typealias Channel = GenericSPSCChannel<UInt64, CheckedMemory>

    /// Both halves sleep where they find nothing.
    static func waiting(
        _ name: String, count: Int, ahead: Int = 0, hasEqualFences: Bool = false
    ) -> Program {
        Program(name + (hasEqualFences ? ", equal fences" : ""), hasEqualFences: hasEqualFences) { machine in
            let channel = Channel(minimumCapacity: max(8, ahead))
            var sender = channel.sender
            for number in 0..<UInt64(ahead) where sender.trySend(number) != nil { machine.report("no room") }
            let (sending, receiving) = (Handed(sender), Handed(channel.receiver))
            let total = UInt64(ahead + count)
            return .init([
                (
                    "sender",
                    {
                        var sender = sending.take()
                        for number in UInt64(ahead)..<total where sender.send(number) != nil {
                            machine.report("the receiver is said to be gone")
                        }
                    }
                ),
                (
                    "receiver",
                    {
                        var receiver = receiving.take()
                        var next: UInt64 = 0
                        while let number = receiver.receive() {
                            if number != next { machine.report("\(number) instead of \(next)") }
                            next += 1
                        }
                        if next != total { machine.report("the end after \(next) elements") }
                    }
                ),
            ])
        }
    }

    /// A sender that stays until its element was received: nothing but the bell wakes the receiver.
    static func answered(hasEqualFences: Bool) -> Program {
        Program(
            "channel, a sender that stays\(hasEqualFences ? ", equal fences" : "")", hasEqualFences: hasEqualFences
        ) { machine in
            let channel = Channel(minimumCapacity: 8)
            let (sending, receiving) = (Handed(channel.sender), Handed(channel.receiver))
            let words = Words(1)
            return .init([
                (
                    "sender",
                    {
                        var sender = sending.take()
                        if sender.trySend(0) != nil { machine.report("no room") }
                        while CheckedMemory.loadRelaxed(words[0]) == 0 { CheckedMemory.pause() }
                    }
                ),
                (
                    "receiver",
                    {
                        var receiver = receiving.take()
                        if receiver.receive() != 0 { machine.report("not the first") }
                        CheckedMemory.storeRelaxed(1, to: words[0])
                    }
                ),
            ])
        }
    }

    /// A receiver that goes while the sender waits for room.
    static func leaving(hasEqualFences: Bool) -> Program {
        Program("channel, a receiver that goes\(hasEqualFences ? ", equal fences" : "")", hasEqualFences: hasEqualFences) {
            leave($0)
        }
    }

    private static func leave(_ machine: Machine) -> Program.Run {
        let words = LastWords()
        let channel = Channel(minimumCapacity: 8)
        var sender = channel.sender
        for number in 0..<8 as Range<UInt64> where sender.trySend(number) != nil { machine.report("no room") }
        let (sending, receiving) = (Handed(sender), Handed(channel.receiver))
        return .init([
            (
                "sender",
                {
                    var sender = sending.take()
                    for number in 8..<11 as Range<UInt64> where sender.send(number) != nil {
                        words.read()
                        return
                    }
                }
            ),
            (
                "receiver",
                {
                    var receiver = receiving.take()
                    if receiver.receive() != 0 { machine.report("not the first") }
                    words.say()
                }
            ),
        ])
    }

    /// A receiver in a task, which is resumed by an element, or by its cancellation.
    static func task(isCancelled: Bool, hasEqualFences: Bool) -> Program {
        let name = "channel, a task \(isCancelled ? "that is cancelled" : "and 2 elements")"
        return Program(name + (hasEqualFences ? ", equal fences" : ""), hasEqualFences: hasEqualFences) { machine in
            let channel = Channel(minimumCapacity: 8)
            let waiting = Handed(channel.receiver.wait)
            let (sending, receiving) = (Handed(channel.sender), Handed(channel.receiver))
            let words = Words(4)
            let cancellation = words[3]
            var threads: [(name: String, body: () -> Void)] = [
                (
                    "receiver",
                    {
                        var receiver = receiving.take()
                        var got: UInt64 = 0
                        for turn in 0..<3 {
                            if let number = receiver.tryReceive() {
                                if number != got { machine.report("\(number) instead of \(got)") }
                                got += 1
                                continue
                            }
                            if receiver.isFinished || CheckedMemory.loadRelaxed(cancellation) != 0 { return }
                            receiver.wait.enlist(CheckedMemory.continuation(words[turn])) {
                                CheckedMemory.loadRelaxed(cancellation) != 0
                            }
                            CheckedMemory.awaitResumption(words[turn])
                        }
                    }
                ),
                (
                    "sender",
                    {
                        var sender = sending.take()
                        if isCancelled {
                            // Stays, so that only the cancellation can resume the other.
                            while !sender.isReceiverGone { CheckedMemory.pause() }
                        } else {
                            for number in 0..<2 as Range<UInt64> { _ = sender.trySend(number) }
                        }
                    }
                ),
            ]
            if isCancelled {
                threads.append((
                    "handler",
                    {
                        CheckedMemory.storeRelaxed(1, to: cancellation)
                        waiting.take().cancel()
                    }
                ))
            }
            return .init(threads, finish: { withExtendedLifetime(words) {} })
        }
    }

    package static let programs: [Program] = [
        waiting("channel, 1 element", count: 1),
        waiting("channel, 2 elements", count: 2),
        waiting("channel, full", count: 1, ahead: 8),
        waiting("channel, full, of 16", count: 1, ahead: 16),
        waiting("channel, 1 element", count: 1, hasEqualFences: true),
        waiting("channel, 2 elements", count: 2, hasEqualFences: true),
        waiting("channel, full", count: 1, ahead: 8, hasEqualFences: true),
        answered(hasEqualFences: false),
        answered(hasEqualFences: true),
        leaving(hasEqualFences: false),
        leaving(hasEqualFences: true),
        task(isCancelled: false, hasEqualFences: false),
        task(isCancelled: true, hasEqualFences: false),
        task(isCancelled: false, hasEqualFences: true),
        task(isCancelled: true, hasEqualFences: true),
    ]
}
