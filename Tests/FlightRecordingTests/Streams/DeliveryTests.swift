import MemoryAccess
import Synchronization
import Testing
import TraceCore

@testable import FlightRecording

@Suite struct EventsDeliveredTwiceOrNever {
    @Test func pagesThatReachOverCuts() throws {
        let stage = try HubStage()
        let queue = stage.queue()
        let writer = try stage.writer()
        var receipt = Receipt(keepsNumbers: true)
        var number: UInt64 = 0
        for round in 0..<40 {
            // None, some, and more than a page.
            for _ in 0..<[0, 1, 100, 1200][round % 4] {
                writer.send(0, number)
                number += 1
            }
            try stage.close()
            try receipt.take(#require(queue.next(nanoseconds: 0)))
        }
        let isComplete = receipt.numbersSeen[0] == Array(0..<number)
        #expect(isComplete)
        #expect(receipt.delivered == number)
        _ = consume writer
    }

    /// A page that a lane fills to its very end, or opens right before a cut, begins the next generation.
    @Test func cutsAtTheEdgesOfPages() throws {
        let stage = try HubStage()
        let queue = stage.queue()
        let writer = try stage.writer()
        var receipt = Receipt(keepsNumbers: true)
        var number: UInt64 = 0
        for _ in 0..<2000 {
            writer.send(0, number)
            number += 1
            try stage.close()
            try receipt.take(#require(queue.next(nanoseconds: 0)))
        }
        let isComplete = receipt.numbersSeen[0] == Array(0..<number)
        #expect(isComplete)
        _ = consume writer
    }

    @Test func recordsThatArePublishedLate() throws {
        let stage = try HubStage()
        let queue = stage.queue()
        let writer = try stage.writer()
        var receipt = Receipt(keepsNumbers: true)
        for round in 0..<20 as Range<UInt64> {
            writer.send(0, 5 * round)
            writer.send(0, 5 * round + 1)
            try stage.close()
            stage.late { writer.send(0, 5 * round + 2) }
            if round % 2 == 0 {
                // The generation changes once more, before the thread notices.
                try receipt.take(#require(queue.next(nanoseconds: 0)))
                try stage.close()
            }
            writer.send(0, 5 * round + 3)
            if round % 2 == 1 { writer.send(0, 5 * round + 4) }
            while let generation = queue.next(nanoseconds: 0) {
                try receipt.take(generation)
                let begin = generation.begin.ticks >> UInt64(Stamp.unitShift)
                try generation.withBytes { bytes in
                    let shapes = ShapeTable(Trace.schemas)
                    for batch in generation.batches where batch.header.baseIndex > 0 {
                        var cursor = RecordCursor(batch)
                        let first = try #require(try cursor.next(in: bytes, shapes))
                        // The late one was stamped behind the cut here: so its time shows whether its base is right.
                        #expect(first.time >= begin && first.time <= Stamp.now.units)
                        #expect(first.generation == generation.number)
                    }
                }
            }
        }
        try stage.close()
        while let generation = queue.next(nanoseconds: 0) { try receipt.take(generation) }
        #expect(receipt.delivered == stage.emitted)
        #expect(stage.pins == 0)
        _ = consume writer
    }

    /// A claim that began before a boundary and ended behind it has an older ticket than the boundary's hand.
    @Test func pagesThatWereClaimedByOldTickets() throws {
        let stage = try HubStage(pages: 64)
        let queue = stage.queue()
        let first = try stage.writer()
        first.send(1, 0)
        let hand = stage.arena.view.hand
        let early = NativeMemory.loadRelaxed(hand)
        NativeMemory.storeRelaxed(early + 10, to: hand)
        try stage.close()
        NativeMemory.storeRelaxed(early, to: hand)
        let second = try stage.writer()
        for number in 0..<3 as Range<UInt64> { second.send(2, number) }
        NativeMemory.storeRelaxed(early + 10, to: hand)
        try stage.close()
        var receipt = Receipt(keepsNumbers: true)
        while let generation = queue.next(nanoseconds: 0) { try receipt.take(generation) }
        #expect(receipt.numbersSeen == [1: [0], 2: [0, 1, 2]])
        #expect(receipt.lostByWriters == 0)
        _ = consume first
        _ = consume second
    }

    /// Threads write, come and go, while generations end in a loop: every event comes once.
    @Test(arguments: [1, 2, 3] as [UInt64]) func threadsThatComeAndGo(seed: UInt64) throws {
        let stage = try HubStage(pages: 1024, lanes: 8)
        let queues = [stage.queue(depth: 4), stage.queue(depth: 64)]
        let running = Atomic<Int>(3)
        let names = Atomic<UInt64>(0)
        let threads = (0..<3).map { thread in
            SystemThread {
                var random = SeededGenerator(seed: seed * 10 + UInt64(thread))
                for _ in 0..<40 {
                    guard let writer = try? stage.writer() else { continue }
                    let name = names.add(1, ordering: .relaxed).newValue
                    for number in 0..<UInt64(random.below(900)) {
                        writer.send(name, number)
                        if random.below(200) == 0 { yieldProcessor() }
                    }
                }
                running.subtract(1, ordering: .acquiringAndReleasing)
            }
        }
        var receipts = [Receipt(keepsNumbers: true), Receipt(keepsNumbers: true)]
        func drain() throws {
            for (index, queue) in queues.enumerated() {
                while let generation = queue.next(nanoseconds: 0) { try receipts[index].take(generation) }
            }
        }
        while running.load(ordering: .acquiring) > 0 {
            try stage.close()
            try drain()
        }
        for thread in threads { thread.join() }
        try stage.close()
        try drain()
        for receipt in receipts {
            #expect(receipt.accounted == stage.emitted)
            #expect(receipt.lostByWriters == 0 && receipt.lostBySubscriber == 0)
            for (_, numbers) in receipt.numbersSeen { #expect(numbers == Array(0..<UInt64(numbers.count))) }
        }
        #expect(stage.pins == 0)
        #expect(stage.hub.pinned == 0)
    }
}
