import MemoryAccess
import Synchronization
import Testing
import TraceCore

private func makeArena(pages: Int = 8, lanes: Int = 4) -> Arena {
    try! Arena(ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: lanes))
}

private func emit(_ word: UInt64, to lane: Lane<NativeMemory>) {
    let record = DenseEncoding.one(word)
    if !lane.append(record, id: 1, at: .now, as: DenseEncoding.self) {
        _ = lane.appendOffPath(record, id: 1, at: .now, as: DenseEncoding.self)
    }
}

private func useWriter(of arena: Arena) throws { _ = try arena.makeWriter(as: DenseEncoding.self) }

private final class WriterBox: @unchecked Sendable { var writer: LaneWriter<NativeMemory, DenseEncoding>? }

@Suite struct LanesWithTwoOwners {
    @Test func allLanesAreTaken() throws {
        let arena = makeArena(lanes: 2)
        let one = try arena.makeWriter(as: DenseEncoding.self)
        do {
            let two = try arena.makeWriter(as: DenseEncoding.self)
            #expect(throws: ArenaError.lanes(capacity: 2)) { try useWriter(of: arena) }
            WordEvent.emit(1, id: 1, to: two)
        }
        let again = try arena.makeWriter(as: DenseEncoding.self)
        WordEvent.emit(2, id: 1, to: again)
        WordEvent.emit(3, id: 1, to: one)
        #expect(try arena.events(lane: 1).keys.sorted() == [0, 1], "the index goes on")
        #expect(try arena.events(lane: 0).count == 1)
    }

    /// A writer may go to another thread, and outlive the one that made it.
    @Test func theThreadThatMadeAWriterHasEnded() throws {
        let arena = makeArena(lanes: 1)
        let box = WriterBox()
        onThreads(1) { _ in
            box.writer = try? arena.makeWriter(as: DenseEncoding.self)
            _ = box.writer!.emit(DenseEncoding.one(1), id: 1)
        }
        #expect(try arena.sweep() == 0)
        #expect(throws: ArenaError.lanes(capacity: 1)) { _ = try arena.attach(thread: 4711) }
        _ = box.writer!.emit(DenseEncoding.one(2), id: 1)
        #expect(try arena.events(lane: 0).count == 2)
        box.writer = nil
        #expect(arena.lanes.allSatisfy { $0.thread == nil })
        #expect((try? arena.attach(thread: 4711)) != nil)
    }

    /// While a sweep asks whether a thread lives, the lane is freed and taken by a new thread with the same id.
    @Test func theThreadsIdIsUsedAgain() throws {
        let arena = makeArena(lanes: 1)
        let first = try arena.attach(thread: 77)
        emit(1, to: first)
        var asked = 0
        let freed = arena.view.sweep { _ in
            asked += 1
            if asked == 1 {
                #expect(arena.view.sweep { _ in false } == 1)
                emit(2, to: try! arena.attach(thread: 77))
            }
            return false
        }
        #expect(asked == 1 && freed == 0, "the lane of a thread that lives was taken")
        #expect(arena.lanes[0].thread == 77)
        emit(3, to: first)
        #expect(try arena.events(lane: 0).count == 3)
    }

    @Test func aSweepTakesTheDeadAlone() throws {
        let arena = makeArena()
        for thread in 1...4 as ClosedRange<UInt32> { emit(UInt64(thread), to: try arena.attach(thread: thread)) }
        #expect(arena.view.sweep { $0 % 2 == 0 } == 2)
        #expect(arena.lanes.map(\.thread) == [nil, 2, nil, 4])
        #expect(try arena.contents().map(\.events.count).reduce(0, +) == 4)
        let page = PageState(NativeMemory.loadRelaxed(arena.view.state(of: 0)))
        #expect(page.phase == .sealed && page.pins == 0)
        emit(9, to: try arena.attach(thread: 5))
        #expect(try arena.events(lane: 0).count == 2)
    }

    @Test func threadsThatComeAndGoWithTheirLanes() throws {
        let arena = makeArena(pages: 64, lanes: 3)
        let sum = Atomic<UInt64>(0)
        onThreads(3) { thread in
            for round in 0..<200 as Range<UInt64> {
                let writer = try! arena.makeWriter(as: DenseEncoding.self)
                for word in 0..<(round % 5) {
                    if WordEvent.emit(word, id: 1, to: writer) { sum.add(1, ordering: .relaxed) }
                }
            }
        }
        #expect(
            arena.lanes.map(\.events).reduce(0, +) == sum.load(ordering: .relaxed)
                + arena.lanes.map(\.lost).reduce(0, +))
        #expect(arena.lanes.allSatisfy { $0.thread == nil })
        for page in 0..<64 {
            #expect(PageState(NativeMemory.loadRelaxed(arena.view.state(of: page))).phase != .owned)
        }
    }
}

@Suite struct RecordsThatOverrunTheirPage {
    /// A record that no page can hold is lost, and the pages around stay as they are.
    @Test(arguments: [3940, 3952, 3960, 3970, 4000, 4090, 5000, 9000, 65535])
    func tooLong(count: Int) throws {
        let arena = makeArena(pages: 4)
        let neighbours = [try arena.attach(thread: 1), try arena.attach(thread: 2)]
        emit(1, to: neighbours[0])
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        WordEvent.emit(1, id: 1, to: writer)
        emit(2, to: neighbours[1])
        let bytes = [UInt8](repeating: 0xAB, count: count)
        let isDone = bytes.withUnsafeBytes { writer.emit(DenseEncoding.wide($0), id: 5) }
        #expect(isDone == (count + 64 < 4096 - 80))
        WordEvent.emit(2, id: 1, to: writer)
        emit(3, to: neighbours[1])
        let pages = try arena.contents()
        #expect(pages.map(\.events.count).reduce(0, +) == 5 + (isDone ? 1 : 0))
        #expect(arena.lanes[2].events == 3 && arena.lanes[2].lost == (isDone ? 0 : 1))
    }

    /// The longest prefixes and the longest short record, begun at every offset near the page's end.
    @Test(arguments: [4096, 65536])
    func theLongestOfAllBeginsInTheLastByteThatIsLeft(pageByteCount: Int) throws {
        let arena = try Arena(ArenaGeometry(pageByteCount: pageByteCount, pageCount: 3, laneCapacity: 2))
        let lane = try arena.attach(thread: 1)
        var ticks = Stamp.now.ticks
        for distance in stride(from: 1, through: 80, by: pageByteCount == 4096 ? 1 : 13) {
            let target = pageByteCount - 80 - distance
            emitUpTo(target, lane, &ticks)
            _ = try arena.advance()
            ticks += 1 << 60
            let record = ExtendedWordEvent(DenseEncoding.three(.max, .max - 1, .max - 2))
            #expect(lane.appendOffPath(record, id: 300, at: Stamp(ticks: ticks), as: DenseEncoding.self) == .done)
            let newest = try #require(
                try arena.contents { $0 == 300 ? .three : .one }.flatMap(\.events).max { $0.index < $1.index })
            #expect(newest.time == ticks >> Stamp.unitShift)
            ticks -= 1 << 60
            arena.view.detach(lane)
            _ = try arena.attach(thread: 1)
            NativeMemory.storeRelaxed(ticks >> Stamp.unitShift, to: clock(of: lane))
        }
    }

    private func clock(of lane: Lane<NativeMemory>) -> SharedWord {
        (lane.address + 24).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private func emitUpTo(_ target: Int, _ lane: Lane<NativeMemory>, _ ticks: inout UInt64) {
        var random = SeededGenerator(seed: UInt64(target))
        repeat {
            ticks += 64
            let word = target - lane.position.offset < 40 ? 1 : random.next() >> 8
            _ = lane.appendOffPath(DenseEncoding.one(word), id: 1, at: Stamp(ticks: ticks), as: DenseEncoding.self)
        } while lane.position.offset < target
    }
}
