import MemoryAccess
import Synchronization
import Testing
import TraceCore

@testable import FlightRecording

typealias Writer = LaneWriter<NativeMemory, DenseEncoding>

/// A hub over an arena of its own, whose generations a test ends by hand.
final class HubStage: Sendable {
    let arena: Arena
    let hub: StreamHub

    init(pages: Int = 64, lanes: Int = 16) throws {
        Sent.register()
        arena = try Arena(ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: lanes))
        hub = StreamHub(arena)
        try close()
    }

    func queue(depth: Int = 8) -> StreamQueue {
        let queue = StreamQueue(depth: depth)
        hub.add(queue)
        return queue
    }

    func writer() throws -> Writer { try arena.makeWriter(as: DenseEncoding.self) }

    /// One thread at a time.
    @discardableResult
    func close() throws -> GenerationBoundary {
        let cut = try arena.advance()
        let hand = NativeMemory.loadRelaxed(arena.view.hand)
        let boundary = GenerationBoundary(cut: cut, clock: ClockPair.take(attempts: 1), hand: hand)
        hub.close(boundary)
        return boundary
    }

    /// Runs `body` as a thread would that had looked at the generation before the last advance.
    func late(_ body: () -> Void) {
        let word = arena.view.generation
        let current = NativeMemory.loadRelaxed(word)
        NativeMemory.storeRelaxed(current &- 1, to: word)
        body()
        NativeMemory.storeRelaxed(current, to: word)
    }

    var pins: UInt64 {
        (0..<arena.geometry.pageCount).reduce(0) {
            $0 + PageState(NativeMemory.loadRelaxed(arena.view.state(of: $1))).pins
        }
    }

    var emitted: UInt64 { arena.lanes.reduce(0) { $0 + $1.events } }
    var lostByWriters: UInt64 { arena.lanes.reduce(0) { $0 + $1.lost } }
}

extension LaneWriter where Memory == NativeMemory, Encoding == DenseEncoding {
    func send(_ writer: UInt64, _ number: UInt64) {
        emit(DenseEncoding.two(writer, number), id: UInt32(Sent.numbered.state.id))
    }
}

/// Checks what a subscriber is given: that each event comes once, in its lane's order, or is counted as lost.
struct Receipt {
    /// Of each lane, the index of the next event.
    private var next: [UInt32: UInt64] = [:]
    /// Of each writer, the number of the next event, at least.
    private var numbers: [UInt64: UInt64] = [:]
    private(set) var delivered: UInt64 = 0
    private(set) var lostBySubscriber: UInt64 = 0
    private(set) var lostByWriters: UInt64 = 0
    private(set) var generations = 0
    private(set) var lastGeneration: UInt64?
    /// What stands in the events, in the order of their lanes.
    private(set) var numbersSeen: [UInt64: [UInt64]] = [:]
    let keepsNumbers: Bool

    init(keepsNumbers: Bool = false) { self.keepsNumbers = keepsNumbers }

    var accounted: UInt64 { delivered + lostBySubscriber + lostByWriters }

    /// The lane's events begin there: of a subscriber that joins late.
    mutating func begin(_ lanes: [Arena.LaneStatus]) {
        for lane in lanes { next[UInt32(lane.number)] = lane.events }
    }

    mutating func take(_ generation: TraceGeneration) throws {
        generations += 1
        try add(generation.lostBefore)
        let missed = generation.lostBefore?.generations ?? 0
        if let last = lastGeneration { #expect(generation.number == last + 1 + missed) }
        lastGeneration = generation.number
        #expect(generation.end.generation == generation.number)

        var shares: [UInt32: [(first: UInt64, count: UInt64)]] = [:]
        try generation.withBytes { bytes in
            let shapes = ShapeTable(Trace.schemas)
            for batch in generation.batches {
                #expect(batch.header.generation == generation.number)
                var cursor = RecordCursor(batch)
                var count: UInt64 = 0
                while let record = try cursor.next(in: bytes, shapes) {
                    #expect(record.index == batch.header.baseIndex + count)
                    count += 1
                    check(record)
                }
                #expect(count == batch.header.eventCount && count > 0)
                shares[batch.header.lane, default: []].append((batch.header.baseIndex, count))
            }
        }
        for lane in generation.end.lanes {
            let own = shares.removeValue(forKey: lane.lane) ?? []
            #expect(own.reduce(0) { $0 + $1.count } == lane.events)
            delivered += lane.events
            lostByWriters += lane.lost
            for run in (own + lane.gaps.map { ($0.firstIndex, $0.count) }).sorted(by: { $0.first < $1.first }) {
                advance(lane.lane, run.first, run.count)
            }
        }
        #expect(shares.isEmpty)
        #expect(
            generation.events == generation.end.lanes.reduce(0) { $0 + $1.events + $1.lost }
        )
    }

    mutating func add(_ loss: TraceLoss?) throws {
        guard let loss else { return }
        lostBySubscriber += loss.events
        #expect(loss.events == loss.lanes.reduce(0) { $0 + $1.gap.count })
        for lane in loss.lanes { advance(lane.lane, lane.gap.firstIndex, lane.gap.count) }
    }

    private mutating func advance(_ lane: UInt32, _ first: UInt64, _ count: UInt64) {
        #expect(next[lane, default: 0] == first, "lane \(lane)")
        next[lane] = first + count
    }

    private mutating func check(_ record: Record) {
        guard record.schema == Sent.numbered.state.id else { return }
        let (writer, number) = (record.words.0, record.words.1)
        #expect(number >= numbers[writer, default: 0], "writer \(writer)")
        numbers[writer] = number + 1
        if keepsNumbers { numbersSeen[writer, default: []].append(number) }
    }
}
