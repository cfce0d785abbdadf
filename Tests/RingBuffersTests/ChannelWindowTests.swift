import MemoryAccess
import RingBuffers
import Testing

/// Runs an action in the window that the second look closes: after the last look without a bell, before the bell is set.
/// What happens there rings no bell.
private enum WindowMemory: TouchingMemory {
    nonisolated(unsafe) static var inWindow: (() -> Void)?

    /// Tests start their indices far from 1 and 2, and their elements leave no mail: only bells have these values.
    private static func open(_ value: UInt64) {
        guard value == 1 || value == 2, let action = inWindow else { return }
        inWindow = nil
        action()
    }

    static func storeRelaxed(_ value: UInt64, to word: SharedWord) {
        open(value)
        NativeMemory.storeRelaxed(value, to: word)
    }
    static func storeRelease(_ value: UInt64, to word: SharedWord) {
        open(value)
        NativeMemory.storeRelease(value, to: word)
    }
}

@Suite("Channel in the window before a sleep", .serialized)
struct ChannelWindowTests {
    private typealias Channel = GenericSPSCChannel<Int32, WindowMemory>

    @Test func elementMissedByAThread() {
        watched {
            let channel = Channel(minimumCapacity: 8, startingAt: 1000)
            let sender = Box(channel.sender)
            var receiver = channel.receiver
            WindowMemory.inWindow = { expect(sender.value.trySend(7) == nil) }
            expect(receiver.receive() == 7 && WindowMemory.inWindow == nil)
        }
    }

    @Test func endMissedByAThread() {
        watched {
            let channel = Channel(minimumCapacity: 8, startingAt: 1000)
            let sender = Box<Channel.Sender?>(channel.sender)
            var receiver = channel.receiver
            WindowMemory.inWindow = { sender.value = nil }
            expect(receiver.receive() == nil && receiver.isFinished)
        }
    }

    @Test func lastElementMissedByAThread() {
        watched {
            let channel = Channel(minimumCapacity: 8, startingAt: 1000)
            let sender = Box<Channel.Sender?>(channel.sender)
            var receiver = channel.receiver
            WindowMemory.inWindow = {
                expect(sender.value!.trySend(7) == nil)
                sender.value = nil
            }
            expect(receiver.receive() == 7)
            expect(receiver.receive() == nil)
        }
    }

    @Test(arguments: [true, false])
    func roomMissedByAThread(receiverGoes: Bool) {
        watched {
            let channel = Channel(minimumCapacity: 8, startingAt: 1000)
            var sender = channel.sender
            let receiver = Box<Channel.Receiver?>(channel.receiver)
            for element in 0..<8 as Range<Int32> { expect(sender.trySend(element) == nil) }
            WindowMemory.inWindow = {
                if receiverGoes { receiver.value = nil } else { expect(receiver.value!.tryReceive() == 0) }
            }
            expect(sender.send(8) == (receiverGoes ? 8 : nil) && WindowMemory.inWindow == nil)
        }
    }

    @Test func elementMissedByATask() async {
        await watched {
            let channel = Channel(minimumCapacity: 8, startingAt: 1000)
            let sender = Box(channel.sender)
            var receiver = channel.receiver
            WindowMemory.inWindow = { expect(sender.value.trySend(7) == nil) }
            let element = await receiver.receive()
            expect(element == 7 && WindowMemory.inWindow == nil)
        }
    }

    @Test func endMissedByATask() async {
        await watched {
            let channel = Channel(minimumCapacity: 8, startingAt: 1000)
            let sender = Box<Channel.Sender?>(channel.sender)
            var receiver = channel.receiver
            WindowMemory.inWindow = { sender.value = nil }
            let element = await receiver.receive()
            expect(element == nil && receiver.isFinished)
        }
    }

    @Test(arguments: [true, false])
    func roomMissedByATask(receiverGoes: Bool) async {
        await watched {
            let channel = Channel(minimumCapacity: 8, startingAt: 1000)
            var sender = channel.sender
            let receiver = Box<Channel.Receiver?>(channel.receiver)
            for element in 0..<8 as Range<Int32> { expect(sender.trySend(element) == nil) }
            WindowMemory.inWindow = {
                if receiverGoes { receiver.value = nil } else { expect(receiver.value!.tryReceive() == 0) }
            }
            let refused = await sender.send(8)
            expect(refused == (receiverGoes ? 8 : nil) && WindowMemory.inWindow == nil)
        }
    }

    @Test func cancellationMissedByATask() async {
        await watched {
            let task = Task {
                let channel = Channel(minimumCapacity: 8, startingAt: 1000)
                let sender = Box(channel.sender)
                var receiver = channel.receiver
                WindowMemory.inWindow = { withUnsafeCurrentTask { $0?.cancel() } }
                let element = await receiver.receive()
                expect(element == nil && !receiver.isFinished && WindowMemory.inWindow == nil)
                expect(sender.value.trySend(1) == nil && receiver.tryReceive() == 1)
            }
            await task.value
        }
    }
}
