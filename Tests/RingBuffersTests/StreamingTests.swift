import MemoryAccess
import RingBuffers
import Testing

/// Native memory, as near or far as a test says, that evicts while it is far, and lets the test run in each pause.
enum DistantMemory: TouchingMemory {
    nonisolated(unsafe) static var isFar = false
    nonisolated(unsafe) static var evictedLines = 0
    nonisolated(unsafe) static var paused: () -> Void = {}

    static func storeRelease(_ value: UInt64, to word: SharedWord) { NativeMemory.storeRelease(value, to: word) }
    static func evict(_ address: UnsafeRawPointer) { evictedLines += 1 }
    static func eviction(ringByteCount: Int) -> Eviction { .far }
    static func comesFromFar(_ word: SharedWord) -> Bool { isFar }
    static func pause() { paused() }
}

/// A ring whose producer also pushes in the consumer's pauses.
private final class StreamedRing {
    private var producer: GenericSPSCRing<UInt64, DistantMemory>.Producer
    private var consumer: GenericSPSCRing<UInt64, DistantMemory>.Consumer
    private var pushed: UInt64 = 0
    private var popped: UInt64 = 0

    init(capacity: Int) {
        DistantMemory.isFar = false
        DistantMemory.evictedLines = 0
        DistantMemory.paused = {}
        let ring = GenericSPSCRing<UInt64, DistantMemory>(minimumCapacity: capacity)
        producer = ring.producer
        consumer = ring.consumer
    }

    func push(_ count: Int) {
        for _ in 0..<count {
            expect(producer.push(pushed))
            pushed += 1
        }
    }

    /// What one look brings.
    func look() -> Int {
        consumer.drain { element in
            expect(element == popped)
            popped += 1
        }
    }
}

@Suite("Streaming consumers", .serialized)
struct StreamingTests {
    @Test("a streaming consumer comes too close, or leaves something behind")
    func distance() {
        let ring = StreamedRing(capacity: 1024)
        ring.push(512)
        #expect(ring.look() == 512)  // Streams from now on.
        ring.push(512)
        #expect(ring.look() == 896 - 128 - 512)  // `coarse` is at 896, and an eighth of the ring is the distance.
        #expect(ring.look() == 256)
        #expect(ring.look() == 0)
    }

    @Test("a streaming consumer at the producer's heels wins no distance")
    func half() {
        let ring = StreamedRing(capacity: 8192)
        ring.push(1024)
        #expect(ring.look() == 1024)
        DistantMemory.paused = { ring.push(8) }
        #expect(ring.look() == 33 * 8 / 2)  // One pause before 32 looks in vain, one after each.
        DistantMemory.paused = {}
        #expect(ring.look() == 33 * 8 / 2)
        #expect(ring.look() == 0)
    }

    @Test("a consumer that finds lines now and then does not stream, or one that finds less does", arguments: [8, 4])
    func lockstep(found: Int) {
        let ring = StreamedRing(capacity: 1024)
        for _ in 0..<4 {
            #expect(ring.look() == 0)
            ring.push(found)
            #expect(ring.look() == found)
        }
        ring.push(512)
        #expect(ring.look() == (found == 8 ? 512 - 128 - 32 : 512))
    }

    @Test("lines are evicted near, or not far", arguments: [false, true])
    func eviction(isFar: Bool) {
        let ring = StreamedRing(capacity: 1024)
        ring.push(512)
        #expect(ring.look() == 512)
        DistantMemory.isFar = isFar
        ring.push(512)
        #expect(ring.look() == 256)
        #expect(DistantMemory.evictedLines == (isFar ? 32 : 0))
    }
}
