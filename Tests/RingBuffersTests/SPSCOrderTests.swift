import MemoryAccess
import RingBuffers
import Testing

/// Logs every access in program order, and lets a test run the other half in front of each store.
enum RecordingMemory: MemoryModel {
    nonisolated(unsafe) static var log: [String] = []
    nonisolated(unsafe) static var beforeStore: (() -> Void)?
    nonisolated(unsafe) static var base: UInt = 0

    /// `closed` lies at byte 384, and a producer loads it alone: that tells where the other words are.
    static func note(_ operation: String, _ word: SharedWord) {
        let names: [UInt: String] = [
            0: "fine", 8: "mail0", 16: "mail1", 24: "mailTail", 128: "coarse", 256: "released", 384: "closed",
            392: "wantsMail",
        ]
        let address = UInt(bitPattern: word)
        if base == 0 { base = address &- 384 }
        log.append("\(operation) \(names[address &- base] ?? "?")")
    }

    static func loadRelaxed(_ word: SharedWord) -> UInt64 {
        note("load", word)
        return NativeMemory.loadRelaxed(word)
    }
    static func loadAcquire(_ word: SharedWord) -> UInt64 {
        note("acquire", word)
        return NativeMemory.loadAcquire(word)
    }
    static func storeRelaxed(_ value: UInt64, to word: SharedWord) {
        note("store", word)
        interrupt()
        NativeMemory.storeRelaxed(value, to: word)
    }
    static func storeRelease(_ value: UInt64, to word: SharedWord) {
        note("release", word)
        interrupt()
        NativeMemory.storeRelease(value, to: word)
    }
    static func fetchAdd(_ value: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        NativeMemory.fetchAdd(value, to: word)
    }
    static func fetchOr(_ bits: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        NativeMemory.fetchOr(bits, to: word)
    }
    static func fence() { log.append("fence") }
    static func willRead(_ cell: UnsafeRawPointer, byteCount: Int) { log.append("read") }
    static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int) { log.append("write") }
    static func pause() {}

    static func interrupt() {
        guard let action = beforeStore else { return }
        beforeStore = nil  // not inside itself
        action()
        beforeStore = action
    }

    static func record<Result>(_ body: () -> Result) -> (Result, [String]) {
        log = []
        return (body(), log)
    }
}

@Suite("Slot ring, access by access", .serialized)
struct SPSCOrderTests {
    @Test func pairsPublishedOrReadWithoutOrder() {
        RecordingMemory.base = 0
        let ring = GenericSPSCRing<Pair, RecordingMemory>(minimumCapacity: 8)
        var producer = ring.producer
        var consumer = ring.consumer
        expect(!producer.isConsumerGone)

        let empty = RecordingMemory.record { consumer.pop() == nil }
        expect(empty == (true, ["load released", "acquire fine"]))

        let first = RecordingMemory.record { producer.push(Pair(tag: 1)) }
        expect(first == (true, ["release coarse", "write", "release fine"]))

        let second = RecordingMemory.record { producer.push(Pair(tag: 2)) }
        expect(second == (true, ["write", "release fine"]))

        let popped = RecordingMemory.record { consumer.pop()?.tag }
        expect(popped == (1, ["load released", "acquire fine", "read"]))

        // An eighth of 8 slots was read: it goes back before the next read.
        let next = RecordingMemory.record { consumer.pop()?.tag }
        expect(next == (2, ["load released", "release released", "read"]))

        let drained = RecordingMemory.record { consumer.pop() == nil }
        expect(drained == (true, ["load released", "acquire fine", "release released"]))

        for tag in 3...8 as ClosedRange<UInt64> { expect(producer.push(Pair(tag: tag))) }
        let wrapped = RecordingMemory.record { producer.push(Pair(tag: 9)) }
        expect(wrapped == (true, ["acquire released", "release coarse", "write", "release fine"]))
    }

    @Test func mailReadBeforeItsFine() {
        RecordingMemory.base = 0
        let ring = GenericSPSCRing<UInt64, RecordingMemory>(minimumCapacity: 64)
        var producer = ring.producer
        var consumer = ring.consumer
        expect(!producer.isConsumerGone)

        handOverSingly(&producer, &consumer, 0..<40)
        let pushed = RecordingMemory.record { producer.push(40) }
        expect(pushed == (true, ["load wantsMail", "release mail0", "store mailTail", "write", "release fine"]))
        let popped = RecordingMemory.record { consumer.pop() }
        expect(popped == (40, ["acquire fine", "load released", "load mailTail", "acquire mail0", "load fine"]))
    }

    /// Eight single elements make the consumer ask for mail; the producer looks at its next chunk, 32 slots on at most.
    private func handOverSingly(
        _ producer: inout GenericSPSCRing<UInt64, RecordingMemory>.Producer,
        _ consumer: inout GenericSPSCRing<UInt64, RecordingMemory>.Consumer, _ elements: Range<UInt64>
    ) {
        for element in elements {
            expect(producer.push(element))
            expect(consumer.pop() == element)
            expect(consumer.pop() == nil)
        }
    }

    /// The consumer pops in front of each of the producer's stores: between any two, it sees a whole prefix.
    @Test(arguments: 1...5, 0...3)
    func batchShowsAMailThatWasNotWritten(batch: Int, popsPerStore: Int) {
        let ring = GenericSPSCRing<UInt64, RecordingMemory>(minimumCapacity: 512)
        var producer = ring.producer
        let consumer = Box(ring.consumer)
        handOverSingly(&producer, &consumer.value, 0..<40)
        let received = Box<[UInt64]>([])
        var next: UInt64 = 100
        var sent: [UInt64] = []
        for round in 0..<40 {
            let elements = (0..<UInt64(round % 3 == 0 ? 1 : batch)).map { next + $0 }
            next += UInt64(elements.count)
            sent += elements
            // An idle consumer looks at `fine` closely.
            let consume = {
                for _ in 0...popsPerStore { if let element = consumer.value.pop() { received.value.append(element) } }
            }
            RecordingMemory.beforeStore = consume
            expect(producer.push(contentsOf: elements.span) == elements.count)
            RecordingMemory.beforeStore = nil
        }
        while let element = consumer.value.pop() { received.value.append(element) }
        expect(received.value == sent, "\(received.value) instead of \(sent)")
    }
}

/// What an escaping closure may change.
final class Box<Value: ~Copyable> {
    var value: Value
    init(_ value: consuming Value) { self.value = value }
}
