import Harness
import TraceCore

/// Pages of dense records as threads write them, made from a seed, and what a reader has to find in them.
///
/// ```
///   lane 0   page 0   page 1 ...      each lane's times go on from page to page
///   lane 1   page n   page n+1 ...    all lanes begin at once
/// ```
///
/// The sums are made from the events as they were meant, not from the bytes.
final class NativeTrace {
    enum Mix: String {
        /// Of 100 events: 60 begin or end a span, 25 have a number of up to 20 bits, 10 such a number and a pointer of 48
        /// bits, 5 a text of 12 to 24 bytes. Gaps of 50 ns to 50 us, evenly over the logarithm.
        case mixed
        /// Each event has one number of up to 20 bits.
        case oneArgument = "one-argument"
    }

    static let pageSize = 16 << 10
    /// Of 16 ticks at 3 GHz: 50 ns and 50 us.
    private static let gaps: ClosedRange<Double> = 9.4...9375

    let memory: UnsafeMutableRawBufferPointer
    let shapes: ShapeTable
    private(set) var batches: [Batch] = []
    private(set) var sums = NativeSums()
    private(set) var recordBytes = 0
    /// Of all events in the order of time.
    private(set) var ordered = NativeSums()

    init(_ mix: Mix, lanes: Int, pagesPerLane: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var events: [NativeEvent] = []
        memory = .allocate(byteCount: lanes * pagesPerLane * Self.pageSize, alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        shapes = ShapeTable(NativeEvent.schemas)
        // Gaps by a table: logarithms would take seconds.
        let gaps = (0..<1024).map { _ in NativeEvent.gap(in: Self.gaps, &random) }
        for lane in 0..<lanes {
            var time: UInt64 = 1 << 40
            var index: UInt64 = 0
            for page in 0..<pagesPerLane {
                let number = lane * pagesPerLane + page
                var writer = NativePage(
                    memory.baseAddress! + number * Self.pageSize, offset: number * Self.pageSize, size: Self.pageSize)
                let base = (time, index)
                while true {
                    var event = NativeEvent(mix, &random)
                    event.time = time + gaps[Int(random.next() & 1023)]
                    (event.lane, event.index, event.batch) = (lane, index, number)
                    guard writer.append(&event, after: time) else { break }
                    (time, index) = (event.time, index + 1)
                    events.append(event)
                }
                let header = BatchHeader(
                    timeShift: 4, ticket: UInt64(page * lanes + lane), baseIndex: base.1, generation: 1,
                    baseTime: base.0, lane: UInt32(lane), thread: UInt32(1000 + lane), endIndex: index,
                    byteCount: UInt32(writer.byteCount))
                recordBytes += writer.byteCount
                header.store(to: memory.baseAddress! + number * Self.pageSize)
            }
        }
        for event in events { sums.add(event) }
        events.sort { ($0.time, $0.lane, $0.index) < ($1.time, $1.lane, $1.index) }
        for event in events { ordered.add(event) }
        for number in 0..<lanes * pagesPerLane {
            batches.append(withBytes { try! Batch(at: number * Self.pageSize, in: $0) })
        }
    }

    deinit { memory.deallocate() }

    func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(memory).bytes)
    }

    /// Reads every word once: what memory allows.
    func readAllWords() {
        var sums = (SIMD8<UInt64>.zero, SIMD8<UInt64>.zero)
        for offset in stride(from: 0, to: memory.count, by: 128) {
            sums.0 &+= memory.load(fromByteOffset: offset, as: SIMD8<UInt64>.self)
            sums.1 &+= memory.load(fromByteOffset: offset + 64, as: SIMD8<UInt64>.self)
        }
        consume((sums.0 &+ sums.1).wrappedSum())
    }
}

/// Sums over events: few, so that they stay in registers beside what a scan holds there.
struct NativeSums: Hashable {
    var events: UInt64 = 0
    /// Of schemas and times.
    var times: UInt64 = 0
    /// Exclusive or over events of schema, time, numbers, and end of the record, so of texts. Not a sum of sums: the compiler
    /// would make one chain of all their terms, longer than what a scan does beside it.
    var all: UInt64 = 0
    /// Of all that `all` was, so that the order matters.
    var order: UInt64 = 0
}
