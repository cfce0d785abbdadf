import MemoryAccess
import Synchronization
import Testing
import TraceCore

/// Spans on a lane, without a process's trace. Ids are those of no registered event: a begin's is even.
private struct SpanLane<Memory: MemoryModel> {
    let lane: Lane<Memory>
    /// Keeps the lane's memory.
    let arena: GenericArena<Memory>
    var ticks: UInt64

    init(in arena: GenericArena<Memory>, thread: UInt32 = 1) throws {
        self.arena = arena
        lane = try arena.attach(thread: thread)
        // Later than the lane's own begin.
        ticks = Stamp.now.ticks + 1 << 10
    }

    mutating func begin(_ id: UInt32) { emit(id, SpanPush.self) }
    mutating func end(_ id: UInt32) { emit(id + 1, SpanPop.self) }

    mutating func emit(_ id: UInt32, _ change: (some SpanChange).Type) {
        ticks += 1 << Stamp.unitShift
        let record = DenseEncoding.none()
        let stamp = Stamp(ticks: ticks)
        guard !lane.append(record, id: id, at: stamp, as: DenseEncoding.self, changing: change) else { return }
        _ = lane.appendOffPath(record, id: id, at: stamp, as: DenseEncoding.self, changing: change)
    }

    var ids: [UInt32] { lane.openSpans().entries.map { UInt32($0.id) } }
    var depth: UInt64 { lane.openSpans().depth }
}

private func makeArena(pages: Int = 8, lanes: Int = 4) -> Arena {
    try! Arena(ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: lanes))
}

/// The stack as it is described: what an end finds is closed, with all above it; beyond its capacity it only counts.
private struct ReferenceStack {
    var ids: [UInt32] = []
    var unlisted = 0

    mutating func begin(_ id: UInt32) { if ids.count < 29 { ids.append(id) } else { unlisted += 1 } }

    mutating func end(_ id: UInt32) {
        if unlisted > 0 {
            unlisted -= 1
        } else if let index = ids.lastIndex(of: id) {
            ids.removeSubrange(index...)
        }
    }
}

@Suite struct SpansThatNeverBeganOrEnded {
    @Test func anEndWithoutABeginClosesAnothersSpan() throws {
        var spans = try SpanLane(in: makeArena())
        spans.end(2)
        #expect(spans.ids == [])
        spans.begin(4)
        spans.end(2)
        #expect(spans.ids == [4])
        spans.end(4)
        spans.end(4)
        #expect(spans.ids == [] && spans.depth == 0)
    }

    @Test func aBeginWithoutAnEndStaysInsideAnEndedOne() throws {
        var spans = try SpanLane(in: makeArena())
        spans.begin(2)
        spans.begin(4)
        spans.begin(6)
        spans.end(2)
        #expect(spans.ids == [])
        spans.begin(2)
        spans.begin(4)
        spans.begin(2)
        spans.end(4)
        #expect(spans.ids == [2])
    }

    @Test(arguments: 1..<12 as Range<UInt64>)
    func anyBeginsAndEnds(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var spans = try SpanLane(in: makeArena())
        var reference = ReferenceStack()
        for step in 0..<4000 {
            let id = UInt32(2 * random.below(6) + 200)
            // In turns mostly up, and mostly down.
            if random.below(10) < (step / 100 % 2 == 0 ? 7 : 4) {
                spans.begin(id)
                reference.begin(id)
            } else {
                spans.end(id)
                reference.end(id)
            }
            guard spans.ids == reference.ids, spans.depth == UInt64(reference.ids.count + reference.unlisted) else {
                Issue.record("step \(step): \(spans.ids) of \(spans.depth), expected \(reference)")
                return
            }
        }
    }

    @Test func theDeepestAreCountedAndComeBack() throws {
        let arena = makeArena()
        var spans = try SpanLane(in: arena)
        for depth in 0..<100 as Range<UInt32> { spans.begin(200 + 2 * (depth % 20)) }
        #expect(spans.ids.count == 29)
        #expect(arena.lanes[0].openSpans == 100)
        #expect(arena.openSpans().map(\.depth) == Array(0..<29))
        for depth in (0..<100 as Range<UInt32>).reversed() { spans.end(200 + 2 * (depth % 20)) }
        #expect(arena.lanes[0].openSpans == 0)
        #expect(arena.lanes[0].events == 200 && arena.lanes[0].lost == 0, "the events of deep spans are recorded")
    }

    /// The begin finds no page: the span is open all the same.
    @Test func aLostBeginIsNotListed() throws {
        let arena = makeArena(pages: 2)
        var lanes = [SpanLane<NativeMemory>]()
        for thread in 1...3 as ClosedRange<UInt32> {
            lanes.append(try SpanLane(in: arena, thread: thread))
            lanes[lanes.count - 1].begin(2)
        }
        #expect(arena.lanes[2].lost == 1)
        #expect(arena.openSpans().map(\.thread) == [1, 2, 3])
        lanes[2].end(2)
        #expect(arena.openSpans().map(\.thread) == [1, 2])
    }
}

@Suite struct SpansOfAThreadThatHasGone {
    @Test func theNextOwnerOfTheLaneInheritsThem() throws {
        let arena = makeArena(lanes: 1)
        var spans = try SpanLane(in: arena)
        spans.begin(2)
        #expect(arena.openSpans().map(\.thread) == [1])
        arena.view.detach(spans.lane)
        #expect(arena.openSpans().isEmpty)
        var next = try SpanLane(in: arena, thread: 2)
        #expect(arena.openSpans().isEmpty)
        next.begin(4)
        #expect(arena.openSpans().map(\.schema) == [4])
        #expect(arena.openSpans().map(\.depth) == [0])
    }

    @Test func aSweepLeavesThem() throws {
        let arena = makeArena(lanes: 1)
        var spans = try SpanLane(in: arena)
        spans.begin(2)
        #expect(arena.view.sweep { _ in false } == 1)
        _ = try arena.attach(thread: 2)
        #expect(arena.openSpans().isEmpty)
    }
}

@Suite struct StartsThatAreRestoredWrong {
    @Test func theStartIsThatOfTheBegin() throws {
        let arena = makeArena()
        var spans = try SpanLane(in: arena)
        spans.begin(2)
        let start = Stamp(ticks: spans.ticks).units
        spans.begin(4)
        #expect(arena.openSpans().map(\.start) == [start, start + 1])
    }

    /// An entry holds 48 bits: what is above follows from a later instant.
    @Test func everyAgeAcrossTheLimit() {
        let ages: [UInt64] = [0, 1, 1 << 20, (1 << 40) - 1, 1 << 47, (1 << 48) - 1]
        for limit in [1 << 48, (1 << 48) + 5, 3 << 48, (3 << 48) - 1, (1 << 60) - 1] as [UInt64] {
            for age in ages where age <= limit {
                let entry = SpanEntry(id: 0xFFFE, units: limit - age)
                #expect(entry.start(before: limit) == limit - age)
                #expect(entry.id == 0xFFFE)
            }
        }
    }
}

@Suite struct ReadersOfChangingSpans {
    /// Each level has an id of its own, and each begin is later than the one around it: a reader that mixes two states, or
    /// finds an entry of which half is another's, sees an id at the wrong level or a start out of order.
    @Test func aMixOfTwoStates() throws {
        let arena = makeArena(lanes: 1)
        let hasEnded = Flag()
        let looks = Atomic<Int>(0)
        let deepest = Atomic<Int>(0)
        let wrong = Atomic<Int>(0)
        let writer = SystemThread {
            var random = SeededGenerator(seed: 1)
            var spans = try! SpanLane(in: arena)
            var depth: UInt32 = 0
            for _ in 0..<200_000 {
                if depth < 40, depth == 0 || random.below(2) == 0 {
                    spans.begin(200 + 2 * depth)
                    depth += 1
                } else {
                    depth -= 1
                    spans.end(200 + 2 * depth)
                }
            }
            hasEnded.set()
        }
        let readers = (0..<2).map { _ in
            SystemThread {
                while !hasEnded.isSet {
                    let spans = arena.openSpans()
                    let isWhole = zip(spans, spans.dropFirst()).allSatisfy { $0.start < $1.start }
                    if !isWhole || spans.enumerated().contains(where: { $1.schema != 200 + 2 * UInt16($0) }) {
                        wrong.add(1, ordering: .relaxed)
                    }
                    looks.add(1, ordering: .relaxed)
                    if spans.count > 29 { wrong.add(1, ordering: .relaxed) }
                    if spans.count == 29 { deepest.add(1, ordering: .relaxed) }
                }
            }
        }
        writer.join()
        for reader in readers { reader.join() }
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(looks.load(ordering: .relaxed) > 0)
    }
}

/// A signal handler's spans in front of every access of a begin or end of its own thread.
@Suite struct SpansTornByAHandler {
    enum Start: CaseIterable { case noPage, roomInThePage, fullStack, mismatch }

    @Test(arguments: Start.allCases, [false, true])
    func everyAccess(_ start: Start, ends: Bool) throws {
        var access = 0
        var wasReached = true
        while wasReached {
            access += 1
            let machine = ModelledMachine(seed: 1, sites: AccessSites())
            let arena = ModelledScenario.arena(machine, pages: 8)
            var spans = try SpanLane(in: arena)
            spans.ticks = machine.ticks
            var expected: [UInt32] = []
            func begin(_ id: UInt32) {
                spans.begin(id)
                if expected.count < 29 { expected.append(id) }
            }
            if start != .noPage || ends { begin(200) }
            if start == .mismatch { begin(202) }
            if start == .fullStack { while expected.count < (ends ? 29 : 28) { begin(200) } }
            wasReached = false
            var handler = spans
            handler.ticks += 1 << 20
            machine.main.interruption = (
                machine.main.accesses + access,
                {
                    wasReached = true
                    handler.begin(240)
                    handler.begin(242)
                    handler.end(242)
                    handler.end(240)
                }
            )
            spans.ticks += 2 << 20
            if ends {
                spans.end(200)
                let index = expected.lastIndex(of: 200)!
                expected.removeSubrange(index...)
            } else {
                begin(260)
            }
            machine.main.interruption = nil
            guard spans.ids == expected, spans.depth == UInt64(expected.count) else {
                Issue.record("in front of access \(access): \(spans.ids), \(spans.depth) deep, expected \(expected)")
                return
            }
            #expect(machine.problems.isEmpty)
        }
        #expect(access > 10)
    }
}
