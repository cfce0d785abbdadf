import MemoryAccess
import Synchronization
import Testing
import TraceCore

@testable import FlightRecording

@Suite struct LossesThatAreNotCounted {
    @Test func aFullQueueDropsTheOldest() throws {
        let stage = try HubStage()
        let queue = stage.queue(depth: 3)
        let writer = try stage.writer()
        for generation in 0..<10 as Range<UInt64> {
            for number in 0..<10 as Range<UInt64> { writer.send(0, 10 * generation + number) }
            try stage.close()
        }
        #expect(queue.statistics.queuedGenerations == 3)
        #expect(queue.statistics.lostGenerations == 7 && queue.statistics.lostEvents == 70)
        let first = try #require(queue.next(nanoseconds: 0))
        let loss = try #require(first.lostBefore)
        #expect(loss.generations == 7 && loss.events == 70)
        #expect(loss.lanes == [.init(lane: 0, gap: .init(firstIndex: 0, count: 70))])
        var receipt = Receipt(keepsNumbers: true)
        try receipt.take(first)
        while let generation = queue.next(nanoseconds: 0) { try receipt.take(generation) }
        let isComplete = receipt.numbersSeen[0] == Array(70..<100)
        #expect(isComplete)
        #expect(receipt.accounted == stage.emitted)
        _ = consume writer
    }

    @Test func aGenerationThatTheBudgetHasNoRoomFor() throws {
        let stage = try HubStage(pages: 32)
        let queue = stage.queue()
        let writer = try stage.writer()
        var receipt = Receipt(keepsNumbers: true)
        var number: UInt64 = 0
        // 8 pages may be pinned; the second generation has more.
        for count in [100, 9000, 100, 100] {
            for _ in 0..<count {
                writer.send(0, number)
                number += 1
            }
            try stage.close()
            while let generation = queue.next(nanoseconds: 0) { try receipt.take(generation) }
        }
        #expect(receipt.lostBySubscriber == 9000)
        #expect(receipt.lostByWriters == 0)
        #expect(receipt.accounted == stage.emitted)
        let isComplete = receipt.numbersSeen[0] == Array(0..<100) + Array(9100..<9300)
        #expect(isComplete)
        #expect(stage.pins == 0 && stage.hub.pinned == 0)
        _ = consume writer
    }

    /// What waits is let go for what is new, and what is lost at the end is known, too.
    @Test func lossBehindTheLast() throws {
        let stage = try HubStage(pages: 32)
        let queue = stage.queue()
        let writer = try stage.writer()
        for number in 0..<100 as Range<UInt64> { writer.send(0, number) }
        try stage.close()
        for number in 100..<9000 as Range<UInt64> { writer.send(0, number) }
        try stage.close()
        #expect(queue.next(nanoseconds: 0) == nil)
        #expect(queue.statistics.lostSince?.events == 9000)
        #expect(queue.statistics.lostSince?.generations == 2)
        #expect(stage.pins == 0)
        _ = consume writer
    }

    /// Overwritten before the generation ended, and counted as the writers' loss.
    @Test func moreThanTheArenaInOneGeneration() throws {
        let stage = try HubStage(pages: 64, lanes: 4)
        let queue = stage.queue()
        let writer = try stage.writer()
        let other = try stage.writer()
        for number in 0..<60_000 as Range<UInt64> { writer.send(0, number) }
        try stage.close()
        other.send(1, 0)
        writer.send(0, 60_000)
        try stage.close()
        var receipt = Receipt()
        while let generation = queue.next(nanoseconds: 0) { try receipt.take(generation) }
        #expect(receipt.accounted == stage.emitted)
        #expect(receipt.lostBySubscriber == 60_000)
        _ = consume writer
        _ = consume other
    }
}

@Suite struct StuckSubscribersThatDisturb {
    /// One holds what it took first for ever; the other keeps up, and gets all. No writer loses an event.
    @Test func theOthersGetAll() throws {
        let stage = try HubStage(pages: 128)
        let stuck = stage.queue()
        let quick = stage.queue()
        let writer = try stage.writer()
        var receipt = Receipt(keepsNumbers: true)
        var kept: [TraceGeneration] = []
        var number: UInt64 = 0
        for round in 0..<300 {
            for _ in 0..<1000 {
                writer.send(0, number)
                number += 1
            }
            try stage.close()
            try receipt.take(#require(quick.next(nanoseconds: 0)))
            if round == 0 { kept.append(stuck.next(nanoseconds: 0)!) }
        }
        let isComplete = receipt.numbersSeen[0] == Array(0..<number)
        #expect(isComplete)
        #expect(stage.lostByWriters == 0)
        #expect(stage.hub.pinned <= stage.arena.view.pinBudget / 2)

        var own = Receipt(keepsNumbers: true)
        for generation in kept { try own.take(generation) }
        kept = []
        while let generation = stuck.next(nanoseconds: 0) { try own.take(generation) }
        #expect(own.lostBySubscriber > 0)
        #expect(own.accounted == number)
        #expect(stage.pins == 0)
        _ = consume writer
    }

    /// Who hoards gets its share and no more.
    @Test func hoardersKeepToTheirShare() throws {
        let stage = try HubStage(pages: 128)
        let hoarder = stage.queue()
        let quick = stage.queue()
        let writer = try stage.writer()
        var hoard: [TraceGeneration] = []
        var receipt = Receipt()
        for _ in 0..<200 {
            for number in 0..<700 as Range<UInt64> {
                writer.emit(DenseEncoding.one(number), id: UInt32(Sent.other.state.id))
            }
            try stage.close()
            try receipt.take(#require(quick.next(nanoseconds: 0)))
            if let generation = hoarder.next(nanoseconds: 0) { hoard.append(generation) }
        }
        #expect(receipt.lostBySubscriber == 0)
        #expect(stage.lostByWriters == 0)
        #expect(stage.hub.pinned <= stage.arena.view.pinBudget / 2 + 2)
        var own = Receipt()
        for generation in hoard { try own.take(generation) }
        try own.add(hoarder.statistics.lostSince)
        #expect(own.accounted == stage.emitted)
        hoard = []
        #expect(stage.pins == 0)
        _ = consume writer
    }
}

@Suite struct GenerationsNotWholeAtJoinAndLeave {
    @Test func joiningAndLeavingBetweenBoundaries() throws {
        let stage = try HubStage()
        let early = stage.queue()
        let writer = try stage.writer()
        for number in 0..<50 as Range<UInt64> { writer.send(0, number) }
        let late = stage.queue()
        for number in 50..<60 as Range<UInt64> { writer.send(0, number) }
        try stage.close()
        for number in 60..<70 as Range<UInt64> { writer.send(0, number) }
        stage.hub.remove(early)
        try stage.close()
        var receipts = [Receipt(keepsNumbers: true), Receipt(keepsNumbers: true)]
        while let generation = early.next(nanoseconds: nil) { try receipts[0].take(generation) }
        while let generation = late.next(nanoseconds: 0) { try receipts[1].take(generation) }
        let isComplete = receipts[0].numbersSeen[0] == Array(0..<60)
        #expect(isComplete)
        let isWhole = receipts[1].numbersSeen[0] == Array(0..<70)
        #expect(isWhole)
        _ = consume writer
    }

    /// Pages that were open before anybody subscribed.
    @Test func theFirstSubscriberAfterALongTime() throws {
        let stage = try HubStage()
        let writer = try stage.writer()
        for number in 0..<50 as Range<UInt64> { writer.send(0, number) }
        try stage.close()
        try stage.close()
        let queue = stage.queue()
        writer.send(0, 50)
        try stage.close()
        let generation = try #require(queue.next(nanoseconds: 0))
        #expect(generation.batches.map(\.header.baseIndex) == [50])
        #expect(generation.end.lanes == [.init(lane: 0, events: 1)])
        _ = consume writer
    }

    @Test func sleepersWakeUp() throws {
        let stage = try HubStage()
        let queue = stage.queue()
        let count = Atomic<Int>(0)
        let thread = SystemThread {
            while queue.next(nanoseconds: nil) != nil { count.add(1, ordering: .relaxed) }
        }
        for round in 1...200 {
            try stage.close()
            while count.load(ordering: .relaxed) < round { yieldProcessor() }
        }
        stage.hub.remove(queue)
        thread.join()
        #expect(count.load(ordering: .relaxed) == 200)
    }
}
