import Foundation
import MemoryAccess
import RingBuffers
import Synchronization
import Testing

private enum SuspendingMemory: CountingMemory {
    static let announced = Atomic<Int>(0)
    static let slept = Atomic<Int>(0)
}

@Suite("Channel in tasks", .serialized)
struct ChannelAsyncTests {
    private typealias Channel<Element: ~Copyable> = GenericSPSCChannel<Element, SuspendingMemory>

    /// Sends from a thread of its own, which does not need the pool.
    private func send<Element: Sendable & ~Copyable>(
        _ sender: consuming Channel<Element>.Sender, _ body: @escaping @Sendable (inout Channel<Element>.Sender) -> Void
    ) {
        let sender = Handoff(sender)
        Thread.detachNewThread {
            var sender = sender.take()
            body(&sender)
        }
    }

    @Test(arguments: [8, 1024])
    func elementsLostOrOutOfOrder(capacity: Int) async {
        let count = 100_000
        let before = SuspendingMemory.announced.load(ordering: .relaxed)
        let received = await watched {
            let channel = Channel<Int>(minimumCapacity: capacity)
            let elements = channel.receiver.elements()
            send(channel.sender) { sender in
                for element in 0..<count {
                    let waits = SuspendingMemory.announced.load(ordering: .relaxed)
                    if sender.send(element) != nil { return }
                    // Now and then, lets the receiver find nothing.
                    if element % 500 == 0 { SuspendingMemory.awaitBell(since: waits) }
                }
            }
            var received = 0
            for await element in elements {
                if element != received { return -1 }
                received += 1
            }
            return received
        }
        #expect(received == count)
        let waits = SuspendingMemory.announced.load(ordering: .relaxed) - before
        #expect(waits > 100, "only \(waits) waits: this tests little")
    }

    @Test func batchesLostOrOutOfOrder() async {
        let count = 200_000
        let (received, batches) = await watched {
            let channel = Channel<Int>(minimumCapacity: 256)
            let elements = channel.receiver.batches(upTo: 100)
            send(channel.sender) { sender in
                for element in 0..<count {
                    if element % 1000 == 0 { dawdle(1000) }
                    if sender.send(element) != nil { return }
                }
            }
            var received = 0
            var batches = 0
            for await batch in elements {
                batches += 1
                if batch.isEmpty || batch.count > 100 { return (-2, 0) }
                for element in batch {
                    if element != received { return (-1, 0) }
                    received += 1
                }
            }
            return (received, batches)
        }
        #expect(received == count && batches < count)
    }

    @Test func tasksAtBothEndsStarveEachOther() async {
        let count = 50_000
        let census = Census()
        let received = await watched {
            let channel = Channel<Unique>(minimumCapacity: 8)
            let sender = Handoff(channel.sender)
            let receiver = Handoff(channel.receiver)
            async let sent: Void = {
                var sender = sender.take()
                for tag in 0..<UInt64(count) {
                    if await sender.send(Unique(tag: tag, census: census)) != nil { return }
                }
            }()
            async let received = {
                var receiver = receiver.take()
                var received = 0
                while let element = await receiver.receive(), element.tag == UInt64(received) { received += 1 }
                return received
            }()
            return await (sent, received).1
        }
        #expect(received == count)
        #expect(census.living == 0)
    }

    @Test func suspendedReceiverForgottenWhenTheSenderGoes() async {
        for sent in 0..<50 {
            let received = await watched {
                let before = SuspendingMemory.announced.load(ordering: .relaxed)
                let channel = Channel<Int>(minimumCapacity: 64)
                let elements = channel.receiver.elements()
                send(channel.sender) { sender in
                    for element in 0..<sent { if sender.send(element) != nil { return } }
                    SuspendingMemory.awaitBell(since: before)
                }
                var received = 0
                for await _ in elements { received += 1 }
                return received
            }
            #expect(received == sent)
        }
    }

    @Test func suspendedSenderForgottenWhenTheReceiverGoes() async {
        for _ in 0..<50 {
            let refused = await watched {
                let before = SuspendingMemory.announced.load(ordering: .relaxed)
                let channel = Channel<Int>(minimumCapacity: 8)
                let receiver = Handoff(channel.receiver)
                var sender = channel.sender
                Thread.detachNewThread {
                    let receiver = receiver.take()
                    SuspendingMemory.awaitBell(since: before)
                    _ = consume receiver
                }
                for element in 0..<9 { if let back = await sender.send(element) { return back } }
                return -1
            }
            #expect(refused == 8)
        }
    }

    /// A cancelled iteration ends; the next one receives all that this one did not.
    @Test func elementLostByCancellation() async {
        for round in 0..<200 {
            let (first, second, isRight) = await watched {
                let before = SuspendingMemory.announced.load(ordering: .relaxed)
                let channel = Channel<Int>(minimumCapacity: 1024)
                let elements = channel.receiver.elements()
                let isCancelled = Shared(Atomic<Bool>(false))
                let task = Task {
                    var received: [Int] = []
                    for await element in elements { received.append(element) }
                    return received
                }
                if round % 2 == 0 { await SuspendingMemory.awaitBell(since: before) }
                send(channel.sender) { sender in
                    // Some before, some while, and some after the task is cancelled.
                    for element in 0..<500 { if sender.send(element) != nil { return } }
                    while !isCancelled.value.load(ordering: .acquiring) { yieldProcessor() }
                    for element in 500..<600 { if sender.send(element) != nil { return } }
                }
                dawdle(round * 10)
                task.cancel()
                let first = await task.value
                isCancelled.value.store(true, ordering: .releasing)
                var second: [Int] = []
                for await element in elements { second.append(element) }
                return (first.count, second.count, first + second == Array(0..<600))
            }
            expect(isRight, "\(first) elements, then \(second) of 600")
        }
    }

    @Test func cancellationIgnoredWhileSuspended() async {
        for _ in 0..<200 {
            let channel = Channel<Int>(minimumCapacity: 8)
            var sender = channel.sender
            let elements = channel.receiver.elements()
            let before = SuspendingMemory.announced.load(ordering: .relaxed)
            let task = Task {
                var iterator = elements.makeAsyncIterator()
                return await iterator.next()
            }
            await SuspendingMemory.awaitBell(since: before)
            task.cancel()
            let none = await watched { await task.value }
            expect(none == nil)
            expect(sender.trySend(7) == nil)
            var iterator = elements.makeAsyncIterator()
            let next = await watched { await iterator.next() }
            expect(next == 7)
        }
    }

    /// Progress, end and cancellation at the same moment: a continuation that is resumed twice traps.
    @Test func resumedTwiceInARace() async {
        let census = Census()
        for round in 0..<500 {
            await watched {
                let before = SuspendingMemory.announced.load(ordering: .relaxed)
                let channel = Channel<Unique>(minimumCapacity: 8)
                let receiver = Handoff(channel.receiver)
                let task = Task {
                    var receiver = receiver.take()
                    var expected: UInt64 = 0
                    while let element = await receiver.receive() {
                        expect(element.tag == expected)
                        expected += 1
                    }
                }
                send(channel.sender) { sender in
                    SuspendingMemory.awaitBell(since: before)
                    for tag in 0..<UInt64(round % 3) {
                        if sender.send(Unique(tag: tag, census: census)) != nil { return }
                    }
                }
                await SuspendingMemory.awaitBell(since: before)
                dawdle(round % 50)
                task.cancel()
                await task.value
            }
        }
        while census.living != 0 { await Task.yield() }
    }

    @Test func cancelledTaskSends() async {
        let channel = Channel<Int>(minimumCapacity: 8)
        let sender = Handoff(channel.sender)
        var receiver = channel.receiver
        let before = SuspendingMemory.announced.load(ordering: .relaxed)
        let task = Task {
            var sender = sender.take()
            for element in 0..<20 { if let back = await sender.send(element) { return (back, sender.isReceiverGone) } }
            return (-1, false)
        }
        await SuspendingMemory.awaitBell(since: before)
        task.cancel()
        let (back, isReceiverGone) = await watched { await task.value }
        #expect(back == 8 && !isReceiverGone)
        var received = 0
        while let element = receiver.tryReceive(), element == received { received += 1 }
        expect(received == 8 && receiver.isFinished)
    }

    /// On one actor, the order is certain: suspended, cancelled, room, resumed.
    @MainActor @Test func cancelledTaskSendsIntoLaterRoom() async {
        let channel = Channel<Int>(minimumCapacity: 8)
        let sender = Handoff(channel.sender)
        var receiver = channel.receiver
        let before = SuspendingMemory.announced.load(ordering: .relaxed)
        let task = Task { @MainActor in
            var sender = sender.take()
            for element in 0..<9 { if let back = await sender.send(element) { return back } }
            return -1
        }
        await SuspendingMemory.awaitBell(since: before)
        task.cancel()
        expect(receiver.tryReceive() == 0)
        let back = await watched { await task.value }
        expect(back == 8)
        var received = 1
        while let element = receiver.tryReceive(), element == received { received += 1 }
        expect(received == 8 && receiver.isFinished)
    }

    @MainActor @Test func cancelledTaskTakesALaterElement() async {
        let channel = Channel<Int>(minimumCapacity: 8)
        var sender = channel.sender
        let elements = channel.receiver.batches(upTo: 4)
        let before = SuspendingMemory.announced.load(ordering: .relaxed)
        let task = Task { @MainActor in
            for await batch in elements { return batch as [Int]? }
            return nil
        }
        await SuspendingMemory.awaitBell(since: before)
        task.cancel()
        expect(sender.trySend(7) == nil)
        let none = await watched { await task.value }
        expect(none == nil)
        _ = consume sender
        var later: [Int] = []
        for await batch in elements {
            later = batch
            break
        }
        expect(later == [7])
    }

    @Test func twoTasksIterateAtOnce() async {
        await #expect(processExitsWith: .failure) {
            let channel = SPSCChannel<Int>(minimumCapacity: 8)
            let elements = channel.receiver.elements()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        var iterator = elements.makeAsyncIterator()
                        _ = await iterator.next()
                    }
                }
            }
            _ = channel.sender.capacity
        }
    }
}

/// Lets closures share what cannot be copied.
private final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}
