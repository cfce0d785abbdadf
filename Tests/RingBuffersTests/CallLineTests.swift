import MemoryAccess
import RingBuffers
import Synchronization
import Testing

/// Three words that have to agree: a torn or stale copy shows.
private struct Triple: Equatable {
    var a, b, c: UInt64

    init(_ number: UInt64) { (a, b, c) = (number, ~number, number &* 3) }

    var isWhole: Bool { b == ~a && c == a &* 3 }
}

@Suite("Call line") struct CallLineTests {
    @Test func aReplyComesTwiceOrUnasked() {
        let line = CallLine<UInt64, Int8>()
        var caller = line.caller
        var responder = line.responder
        expect(caller.poll() == nil)
        expect(responder.poll() == nil && !responder.owesReply)
        expect(caller.send(7) && caller.isWaiting)
        expect(!caller.send(8), "one at a time")
        expect(caller.poll() == nil)
        expect(responder.poll() == 7 && responder.owesReply)
        expect(responder.poll() == nil, "once")
        responder.reply(-7)
        expect(!responder.owesReply && responder.poll() == nil)
        expect(caller.poll() == -7 && !caller.isWaiting)
        expect(caller.poll() == nil, "once")
        expect(caller.send(9))
        expect(responder.poll() == 9)
    }

    @Test(arguments: [0, UInt64(UInt32.max) - 1, UInt64.max - 2])
    func aCallIsTornOrLost(start: UInt64) {
        let count: UInt64 = 20_000
        let (answered, wrong) = GenericCallLine<Triple, Triple, NativeMemory>(startingAt: start).run { responder in
            var answered: UInt64 = 0
            while true {
                if let request = responder.poll() {
                    responder.reply(Triple(request.isWhole ? request.a &+ 1 : 0))
                    answered += 1
                } else if responder.isCallerGone {
                    return answered
                } else {
                    yieldProcessor()
                }
            }
        } calling: { caller in
            var wrong = 0
            for number in 1...count {
                guard caller.send(Triple(number)) else { return -1 }
                var reply = caller.poll()
                while reply == nil {
                    yieldProcessor()
                    reply = caller.poll()
                }
                if reply != Triple(number + 1) { wrong += 1 }
            }
            return wrong
        }
        expect(wrong == 0)
        expect(answered == count)
    }

    @Test func theOtherHalfIsGone() {
        let line = CallLine<UInt64, UInt64>()
        let responder = Handoff(line.responder)
        var caller = line.caller
        do {
            var responder = responder.take()
            expect(caller.send(1))
            expect(responder.poll() == 1)
            responder.reply(2)
        }
        expect(caller.isResponderGone)
        expect(caller.poll() == 2, "given before it went")
        expect(caller.call(3) == nil)
    }

    @Test func aRequestOfACallerThatIsGone() {
        let line = CallLine<UInt64, UInt64>()
        let caller = Handoff(line.caller)
        var responder = line.responder
        do {
            var caller = caller.take()
            expect(caller.send(1))
        }
        expect(responder.isCallerGone)
        expect(responder.poll() == 1)
        responder.reply(1)
        expect(responder.poll() == nil)
    }

    @Test func aCallSpins() {
        let (_, sum) = CallLine<UInt64, UInt64>().run { responder in
            while !responder.isCallerGone {
                if let request = responder.poll() { responder.reply(request * request) } else { yieldProcessor() }
            }
        } calling: { caller in
            (1...50).reduce(0 as UInt64) { $0 + (caller.call($1) ?? 0) }
        }
        expect(sum == 42_925)
    }

}

extension SPSCOrderTests {
    /// Access by access, and with the other half looking in front of each store: what it sees is whole.
    @Test func aValueToldBeforeItIsWritten() {
        let line = GenericCallLine<Triple, Triple, RecordingMemory>()
        var caller = line.caller
        let responder = Box(line.responder)
        RecordingMemory.beforeStore = { _ = responder.value.poll() }
        defer { RecordingMemory.beforeStore = nil }
        let (_, sent) = RecordingMemory.record { caller.send(Triple(5)) }
        expect(sent.filter { $0 == "write" || $0.hasPrefix("release") }.map { $0.prefix(7) } == ["write", "release"])
        RecordingMemory.beforeStore = nil
        let (request, taken) = RecordingMemory.record { responder.value.poll() }
        expect(request == Triple(5))
        expect(taken.map { $0.prefix(7) } == ["acquire", "read"])
        let (_, replied) = RecordingMemory.record { responder.value.reply(Triple(6)) }
        expect(replied.map { $0.prefix(7) } == ["write", "release"])
        let (reply, got) = RecordingMemory.record { caller.poll() }
        expect(reply == Triple(6))
        expect(got.map { $0.prefix(7) } == ["acquire", "read"])
    }
}

/// As ``WeakenedOrderTests``: the sanitizer must be silent with the orders that ship, and see relaxed ones.
@Suite("Weakened orders of calls", .serialized) struct WeakenedCallOrderTests {
    @Test func sanitizerReportsTheOrdersThatShip() { call(through: StrictMemory.self) }

    private func call<Memory: MemoryModel>(through _: Memory.Type) {
        let (_, sum) = GenericCallLine<Int32, Int32, Memory>().run { responder in
            while !responder.isCallerGone {
                if let request = responder.poll() { responder.reply(request + 1) } else { yieldProcessor() }
            }
        } calling: { caller in
            var sum = 0
            for number in 1...2000 as ClosedRange<Int32> {
                _ = caller.send(number)
                while true {
                    if let reply = caller.poll() {
                        sum += Int(reply)
                        break
                    }
                    yieldProcessor()
                }
            }
            return sum
        }
        #expect(sum == 2000 * 2001 / 2 + 2000)
    }
}
