package import Checker
import MemoryAccess
import RingBuffers

/// Halves that wait for each other: no wake-up is lost.
package enum Channels {
    typealias Channel = GenericSPSCChannel<UInt64, CheckedMemory>

    /// Both halves sleep where they find nothing.
    static func waiting(
        _ name: String, count: Int, ahead: Int = 0, hasEqualFences: Bool = false
    ) -> Program {
        Program(name, hasEqualFences: hasEqualFences) { machine in
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
        Program("channel, a sender that stays", hasEqualFences: hasEqualFences) { machine in
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
        Program("channel, a receiver that goes", hasEqualFences: hasEqualFences) { leave($0) }
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
        return Program(name, hasEqualFences: hasEqualFences) { machine in
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
                threads.append(
                    (
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
