import MemoryAccess
import RingBuffers
import Testing

/// Native memory that evicts, whatever the ring's size, and keeps a list of what was evicted.
enum EvictingMemory: TouchingMemory {
    nonisolated(unsafe) static var evicted: [UInt] = []
    nonisolated(unsafe) static var firstWritten: UInt?

    static func storeRelease(_ value: UInt64, to word: SharedWord) { NativeMemory.storeRelease(value, to: word) }
    static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int) {
        firstWritten = firstWritten ?? UInt(bitPattern: cell)
    }
    static func evict(_ address: UnsafeRawPointer) { evicted.append(UInt(bitPattern: address)) }
    static func eviction(ringByteCount: Int) -> Eviction { .always }

    /// The offsets from the ring's first byte of what `body` evicted.
    static func evictions(_ body: () -> Void) -> [Int] {
        evicted = []
        body()
        return evicted.map { Int($0) - Int(firstWritten!) }
    }
}

@Suite("Eviction of what was read", .serialized)
struct EvictionTests {
    /// Three laps. Each chunk of four lines goes once a lap, when its last element was read.
    @Test("a line is evicted twice, never, or with unread elements", arguments: [0, UInt64.max - 1023])
    func slots(start: UInt64) {
        EvictingMemory.firstWritten = nil
        let ring = GenericSPSCRing<UInt64, EvictingMemory>(minimumCapacity: 1024, startingAt: start)
        var producer = ring.producer
        var consumer = ring.consumer
        var lines: [Int] = []
        func push(_ elements: Range<Int>) { for element in elements { expect(producer.push(UInt64(element))) } }
        push(0..<512)  // The consumer stays that much behind: at the tail it would have to tell a burst from a stream.
        for start in stride(from: 0, to: 3072, by: 256) {
            push(512 + start..<768 + start)
            for element in start..<start + 256 {
                lines += EvictingMemory.evictions { expect(consumer.pop() == UInt64(element)) }
                expect(lines.count * 8 <= element, "a line with unread elements, after \(element)")
            }
        }
        expect(consumer.pop() == 3072)
        #expect(lines == (0..<380).map { $0 % 128 * 64 })  // The last chunk is due with the next element.
    }

    @Test("a batch leaves lines behind that were read, or takes unread ones along")
    func batches() {
        EvictingMemory.firstWritten = nil
        let ring = GenericSPSCRing<UInt64, EvictingMemory>(minimumCapacity: 1024)
        var producer = ring.producer
        var consumer = ring.consumer
        for element in 0..<1024 { expect(producer.push(UInt64(element))) }
        let first = EvictingMemory.evictions { expect(consumer.consume { _ in 100 } == 100) }
        #expect(first == (0..<12).map { $0 * 64 })  // 100 elements: three chunks of 32
        let second = EvictingMemory.evictions { expect(consumer.drain(upTo: 500) { _ in } == 500) }
        #expect(second == (12..<72).map { $0 * 64 })  // 600 elements: 18 chunks
    }

    @Test("a record's lines are evicted twice, never, or unread")
    func records() throws {
        EvictingMemory.firstWritten = nil
        let ring = try GenericByteRing<EvictingMemory>(minimumCapacity: 16384, mapping: .padded)
        var producer = ring.producer
        var consumer = ring.consumer
        var random = SeededRandom(state: 4)
        var lengths: [Int] = []
        var lines: [Int] = []
        var read = 0
        func push() throws {
            let length = 1 + random.below(700)
            expect(try producer.push([UInt8](repeating: 1, count: length).span.bytes))
            lengths.append(length)
        }
        for _ in 0..<16 { try push() }
        for _ in 0..<150 {
            try push()
            lines += EvictingMemory.evictions { expect(consumer.pop { $0.byteCount } == lengths[0]) }
            read += (lengths.removeFirst() + 4 + 7) & ~7
            expect(lines.count * 64 <= read + 750, "a line with unread records, after \(read)")  // A pad is read, too.
        }
        #expect(lines.allSatisfy { (0..<16384).contains($0) && $0.isMultiple(of: 64) })
        let laps = Dictionary(grouping: lines) { $0 }.mapValues(\.count)
        #expect(laps.count == 256 && laps.values.max()! - laps.values.min()! <= 1, "\(laps)")
    }
}
