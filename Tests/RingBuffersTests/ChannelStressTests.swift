import MemoryAccess
import RingBuffers
import Synchronization
import Testing

/// As it ships.
private enum AsymmetricMemory: CountingMemory {
    static let announced = Atomic<Int>(0)
    static let slept = Atomic<Int>(0)
}

/// As where there is no membarrier: two full fences.
private enum SymmetricMemory: CountingMemory {
    static let announced = Atomic<Int>(0)
    static let slept = Atomic<Int>(0)
    static func lightFence() { fence() }
    static func heavyFence() {
        announced.add(1, ordering: .relaxed)
        fence()
    }
}

@Suite("Channel under stress", .serialized)
struct ChannelStressTests {
    @Test func wakeUpLost() { alternate(AsymmetricMemory.self, count: 120_000) }

    @Test func wakeUpLostWithoutMembarrier() { alternate(SymmetricMemory.self, count: 60_000) }

    /// In turns, one half is slower than the other half's patience; and once in 128 elements each half lets the other sleep.
    /// These places lie 64 elements apart in a ring of 8, so the halves never wait there for each other.
    private func alternate<Memory: CountingMemory>(_: Memory.Type, count: UInt64) {
        let census = Census()
        let start = Memory.slept.load(ordering: .relaxed)
        let (_, wrong) = watched {
            GenericSPSCChannel<Unique, Memory>(minimumCapacity: 8, startingAt: .max - 1000).run { sender in
                for tag in 0..<count {
                    if tag / 32 % 2 == 0 { dawdle(Int(tag % 7) * 50) }
                    let before = Memory.slept.load(ordering: .relaxed)
                    if sender.send(Unique(tag: tag, census: census)) != nil { return }
                    if tag % 128 == 0 { Memory.awaitSleeper(since: before) }
                }
            } receiving: { receiver in
                var expected: UInt64 = 0
                var wrong = 0
                while true {
                    let before = Memory.slept.load(ordering: .relaxed)
                    guard let element = receiver.receive() else { break }
                    if element.tag != expected { wrong += 1 }
                    if expected / 32 % 2 == 1 { dawdle(Int(expected % 7) * 50) }
                    if expected % 128 == 64 { Memory.awaitSleeper(since: before) }
                    expected += 1
                }
                return wrong + (expected == count ? 0 : 1)
            }
        }
        #expect(wrong == 0)
        #expect(census.living == 0)
        let slept = Memory.slept.load(ordering: .relaxed) - start
        #expect(slept > Int(count / 128), "only \(slept) sleeps: this tests little")
    }

    @Test(arguments: [8, 64, 1024])
    func batchesLostOrDoubled(capacity: Int) {
        let count = 200_000
        let (sent, problem) = watched {
            SPSCChannel<Int>(minimumCapacity: capacity).run { sender in
                var random = SeededRandom(state: 3)
                var sent = 0
                while sent < count {
                    let elements = Array(sent..<min(count, sent + 1 + random.below(40)))
                    if random.below(50) == 0 { dawdle(1000) }
                    if random.below(2) == 0 {
                        sent += sender.send(contentsOf: elements.span)
                    } else if sender.waitForRoom() {
                        let start = sent
                        sent += sender.reserve(upTo: elements.count) { span in
                            while !span.isFull { span.append(start + span.count) }
                            return span.count
                        }
                    }
                }
                return sent
            } receiving: { receiver in
                var random = SeededRandom(state: 4)
                var expected = 0
                var problem: String?
                func check(_ element: Int) {
                    if element != expected && problem == nil { problem = "\(element) at \(expected)" }
                    expected += 1
                }
                while receiver.waitForElement() {
                    if random.below(50) == 0 { dawdle(1000) }
                    switch random.below(3) {
                    case 0: _ = receiver.drain(upTo: random.below(30)) { check($0) }
                    case 1:
                        _ = receiver.consume { span in
                            for index in span.indices { check(span[index]) }
                            return span.count
                        }
                    default: if let element = receiver.receive() { check(element) }
                    }
                }
                return expected == count ? problem : "\(expected) of \(count) arrived; \(problem ?? "in order")"
            }
        }
        #expect(sent == count)
        #expect(problem == nil)
    }

    /// Either half leaves at any moment: every element ends once, and nobody stays behind.
    @Test func endMissedInARace() {
        for round in 0..<600 {
            let census = Census()
            _ = watched {
                SPSCChannel<Unique>(minimumCapacity: 8).run { sender in
                    let count = round % 3 == 0 ? round % 23 : 100
                    for tag in 0..<UInt64(count) {
                        if let back = sender.send(Unique(tag: tag, census: census)) {
                            expect(back.tag == tag)
                            return
                        }
                    }
                } receiving: { receiver in
                    let count = round % 3 == 1 ? round % 19 : 100
                    for tag in 0..<UInt64(count) {
                        guard let element = receiver.receive() else { return }
                        expect(element.tag == tag)
                    }
                }
            }
            expect(census.living == 0, "\(census.living) elements in round \(round)")
        }
    }
}
