import Foundation
import MemoryAccess
import RingBuffers
import Synchronization
import Testing

private enum WatchedMemory: CountingMemory {
    static let announced = Atomic<Int>(0)
    static let slept = Atomic<Int>(0)
}

@Suite("Channel between two threads", .serialized)
struct ChannelTests {
    private typealias Channel<Element: ~Copyable> = GenericSPSCChannel<Element, WatchedMemory>

    @Test func orderOrEndLost() {
        watched {
            let channel = SPSCChannel<Int>(minimumCapacity: 8)
            var sender = channel.sender
            var receiver = channel.receiver
            expect(receiver.tryReceive() == nil)
            for element in 1...8 { expect(sender.trySend(element) == nil) }
            expect(sender.trySend(9) == 9 && !sender.isReceiverGone)
            expect(receiver.receive() == 1 && receiver.tryReceive() == 2)
            expect(sender.send(contentsOf: [10, 11].span) == 2)
            _ = consume sender
            expect(!receiver.isFinished)
            var rest: [Int] = []
            while let element = receiver.receive() { rest.append(element) }
            expect(rest == [3, 4, 5, 6, 7, 8, 10, 11] && receiver.isFinished)
            expect(receiver.receive() == nil && !receiver.waitForElement())
        }
    }

    /// The ring gives slots back in eighths; a sender must not sleep beside a slot that was read.
    @Test(arguments: [8, 64, 256], [1, 2, 7])
    func senderSleepsBesideAFreeSlot(capacity: Int, received: Int) {
        watched {
            let channel = Channel<Int>(minimumCapacity: capacity, startingAt: .max - 100)
            var sender = channel.sender
            var receiver = channel.receiver
            for lap in 0..<40 {
                while sender.trySend(lap) == nil {}
                for _ in 0..<received { expect(receiver.tryReceive() != nil) }
                for _ in 0..<received { expect(sender.send(lap) == nil) }
                expect(sender.trySend(-1) == -1, "more than the capacity")
                var drained = 0
                while drained <= received { drained += receiver.drain(upTo: received + 1 - drained) { _ in } }
                for _ in 0...received { expect(sender.send(lap) == nil) }
                expect(sender.trySend(-1) == -1, "more than the capacity")
            }
        }
    }

    @Test func elementSwallowedWhenTheReceiverIsGone() {
        let census = Census()
        do {
            let channel = SPSCChannel<Unique>(minimumCapacity: 8)
            var sender = channel.sender
            let receiver = channel.receiver
            expect(sender.send(Unique(tag: 1, census: census)) == nil)
            _ = consume receiver
            expect(sender.isReceiverGone && !sender.waitForRoom())
            let first = tag(of: sender.send(Unique(tag: 2, census: census)))
            let second = tag(of: sender.trySend(Unique(tag: 3, census: census)))
            expect(first == 2 && second == 3)
            let offered = sender.reserve(upTo: 4) { $0.freeCapacity }
            expect(offered == 0)
        }
        expect(census.made.load(ordering: .relaxed) == 3 && census.living == 0)
    }

    @Test func sleepingSenderForgottenWhenTheReceiverGoes() {
        for _ in 0..<20 {
            let census = Census()
            let refused = watched {
                let before = WatchedMemory.slept.load(ordering: .relaxed)
                return Channel<Unique>(minimumCapacity: 8).run { sender in
                    for tag in 0..<100 as Range<UInt64> {
                        if let back = sender.send(Unique(tag: tag, census: census)) { return back.tag }
                    }
                    return UInt64.max
                } receiving: { _ in
                    WatchedMemory.awaitSleeper(since: before)
                }.0
            }
            #expect(refused == 8)
            #expect(census.living == 0)
        }
    }

    @Test func sleepingReceiverForgottenWhenTheSenderGoes() {
        for sent in 0..<20 {
            let received = watched {
                let before = WatchedMemory.slept.load(ordering: .relaxed)
                return Channel<Int>(minimumCapacity: 32).run { sender in
                    for element in 0..<sent { if sender.send(element) != nil { return } }
                    WatchedMemory.awaitSleeper(since: before)
                } receiving: { receiver in
                    var received = 0
                    while let element = receiver.receive(), element == received { received += 1 }
                    return received
                }.1
            }
            #expect(received == sent)
        }
    }

    @Test func sleepingReceiverNotWokenByEachWayToSend() {
        for way in 0..<4 {
            let element = watched {
                let before = WatchedMemory.slept.load(ordering: .relaxed)
                return Channel<Int>(minimumCapacity: 8).run { sender in
                    WatchedMemory.awaitSleeper(since: before)
                    switch way {
                    case 0: expect(sender.send(7) == nil)
                    case 1: expect(sender.trySend(7) == nil)
                    case 2: expect(sender.trySend(contentsOf: [7].span) == 1)
                    default: sender.reserve(upTo: 1) { $0.append(7) }
                    }
                    // Stays until it was received: the end of this half would wake the receiver too.
                    while !sender.isReceiverGone { yieldProcessor() }
                } receiving: { receiver in
                    receiver.receive()
                }.1
            }
            #expect(element == 7)
        }
    }

    @Test func sleepingSenderNotWokenByEachWayToReceive() {
        for way in 0..<4 {
            watched {
                let before = WatchedMemory.slept.load(ordering: .relaxed)
                let done = Atomic<Bool>(false)
                let channel = Channel<Int>(minimumCapacity: 64)
                _ = channel.run { sender in
                    for element in 0...64 { expect(sender.send(element) == nil) }
                    done.store(true, ordering: .releasing)
                } receiving: { receiver in
                    WatchedMemory.awaitSleeper(since: before)
                    switch way {
                    case 0: expect(receiver.receive() == 0)
                    case 1: expect(receiver.tryReceive() == 0)
                    case 2: expect(receiver.drain(upTo: 1) { expect($0 == 0) } == 1)
                    default: expect(receiver.consume(upTo: 1) { $0.count } == 1)
                    }
                    while !done.load(ordering: .acquiring) { yieldProcessor() }
                }
            }
        }
    }

    @Test func capacityExceededOrNotUsed() {
        let most = watched {
            let sent = Atomic<Int>(0)
            return Channel<Int>(minimumCapacity: 16).run { sender in
                for element in 0..<20_000 where sender.send(element) == nil { sent.add(1, ordering: .relaxed) }
            } receiving: { receiver in
                var most = 0
                var received = 0
                while let element = receiver.receive() {
                    expect(element == received)
                    // What it counts as sent was sent before, but what it sent may not be counted yet.
                    most = max(most, sent.load(ordering: .relaxed) - received)
                    received += 1
                    if received % 1000 == 0 { dawdle(2000) }
                }
                expect(received == 20_000)
                return most
            }.1
        }
        #expect(most <= 17 && most > 1)
    }

    @Test func timeOutTakesAnElementOrNeverComes() {
        let (_, outcome) = watched {
            Channel<Int>(minimumCapacity: 8).run { sender in
                for element in 0..<2000 {
                    if element % 20 == 0 { dawdle(4000) }
                    if sender.send(element) != nil { return }
                }
            } receiving: { receiver in
                var expected = 0
                var timeOuts = 0
                while true {
                    do throws(ReceiveTimedOut) {
                        guard let element = try receiver.receive(timeout: .microseconds(expected % 40)) else { break }
                        if element != expected { return (-1, timeOuts) }
                        expected += 1
                    } catch {
                        timeOuts += 1
                    }
                }
                return (expected, timeOuts)
            }
        }
        #expect(outcome.0 == 2000 && outcome.1 > 0)
    }

    @Test func deadlineMissed() {
        let channel = Channel<Int>(minimumCapacity: 8)
        var sender = channel.sender
        var receiver = channel.receiver
        for timeout in [Duration.zero, .seconds(-1), .nanoseconds(1), .milliseconds(3)] {
            let start = ContinuousClock.now
            expect(timesOut(&receiver, timeout) && ContinuousClock.now - start >= timeout)
        }
        expect(sender.send(5) == nil)
        expect(!timesOut(&receiver, .zero), "the element that is there needs no time")
        expect(sender.send(6) == nil)
        _ = consume sender
        expect((try? receiver.receive(timeout: .seconds(Int64.max))) == 6)
        expect(!timesOut(&receiver, .seconds(Int64.max)), "the end needs no time")
    }

    private func timesOut(_ receiver: inout Channel<Int>.Receiver, _ timeout: Duration) -> Bool {
        do throws(ReceiveTimedOut) {
            _ = try receiver.receive(timeout: timeout)
            return false
        } catch {
            return true
        }
    }

    @Test func thrownDrainForgetsTheSender() {
        watched {
            let before = WatchedMemory.slept.load(ordering: .relaxed)
            let done = Atomic<Bool>(false)
            _ = Channel<Int>(minimumCapacity: 8).run { sender in
                for element in 0...8 { expect(sender.send(element) == nil) }
                done.store(true, ordering: .releasing)
            } receiving: { receiver in
                WatchedMemory.awaitSleeper(since: before)
                do throws(Refusal) {
                    _ = try receiver.drain { (_) throws(Refusal) in throw Refusal() }
                } catch {}
                while !done.load(ordering: .acquiring) { yieldProcessor() }
            }
        }
    }

    private func tag(of element: consuming Unique?) -> UInt64? {
        if let element { element.tag } else { nil }
    }
}
