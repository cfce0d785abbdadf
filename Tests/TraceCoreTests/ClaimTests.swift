import MemoryAccess
import Testing
import TraceCore

private func makeArena(pages: Int, lanes: Int = 16, ticket: UInt64 = 0) -> Arena {
    try! Arena(
        ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: lanes), seed: (generation: 1, ticket: ticket)
    )
}

/// Fills pages of 4 KiB: four such events a page.
private func emitLarge(_ words: Range<UInt64>, to writer: borrowing LaneWriter<NativeMemory, DenseEncoding>) {
    for word in words {
        let bytes = [UInt8](repeating: UInt8(97 + word % 26), count: 900)
        bytes.withUnsafeBytes { raw in
            _ = writer.emit(DenseEncoding.wide(UnsafeRawBufferPointer(raw)), id: 5)
        }
    }
}

@Suite struct PagesThatAreTakenFromTheirReader {
    @Test(arguments: [2, 3, 8])
    func aPinnedPageStays(pages: Int) throws {
        let arena = makeArena(pages: pages)
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        emitLarge(0..<5, to: writer)
        let pinned = try arena.pinned(0)
        let before = try PageContents(pinned) { _ in .wide }
        emitLarge(5..<200, to: writer)
        let after = try PageContents(pinned) { _ in .wide }
        #expect(after.header == before.header)
        #expect(after.events.map(\.payload) == before.events.map(\.payload))
    }

    /// Of a page that the writer is still in, what was there at the pin stays, and what comes is seen.
    @Test func theOwnersPageIsPinned() throws {
        let arena = makeArena(pages: 2)
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        emitLarge(0..<1, to: writer)
        let pinned = try arena.pinned(0)
        #expect(pinned.header.eventCount == 1)
        emitLarge(1..<3, to: writer)
        #expect(pinned.header.eventCount == 3)
        emitLarge(3..<40, to: writer)
        #expect(pinned.header.eventCount == 4)
        #expect(try PageContents(pinned) { _ in .wide }.events.map(\.index) == [0, 1, 2, 3])
    }

    @Test func tooManyPins() throws {
        let arena = makeArena(pages: 2)
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        emitLarge(0..<1, to: writer)
        for _ in 0..<65535 { #expect(arena.view.pin(0)) }
        #expect(!arena.view.pin(0))
        for _ in 0..<65535 { arena.view.unpin(0) }
        #expect(PageState(NativeMemory.loadRelaxed(arena.view.state(of: 0))).pins == 0)
        #expect(PageState(NativeMemory.loadRelaxed(arena.view.state(of: 0))).phase == .owned)
    }
}

@Suite struct ClaimsThatNeverEnd {
    @Test(arguments: [2, 17, 64])
    func everyPageIsOwnedOrPinned(pages: Int) throws {
        let arena = makeArena(pages: pages, lanes: 256)
        for page in 0..<pages {
            let claimed = try #require(arena.view.claim())
            arena.view.open(claimed.page, ticket: claimed.ticket)
            _ = page
        }
        let hand = NativeMemory.loadRelaxed(arena.view.hand)
        for _ in 0..<100 { #expect(arena.view.claim() == nil) }
        #expect(NativeMemory.loadRelaxed(arena.view.hand) == hand, "a failed claim burns no ticket")
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        emitLarge(0..<7, to: writer)
        #expect(arena.lanes.last?.events == 7)
        #expect(arena.lanes.last?.lost == 7)
    }

    /// As many pins as a claim passes, and one more: a quarter of the pages, and 16.
    @Test(arguments: [15, 32, 33, 40])
    func pinnedPagesBeforeOneThatIsFree(pins: Int) throws {
        let arena = makeArena(pages: 64)
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        emitLarge(0..<256, to: writer)
        let hand = NativeMemory.loadRelaxed(arena.view.hand)
        var pinned: [Int] = []
        for offset in 0..<UInt64(pins) {
            let page = Int((hand + offset) % 64)
            if arena.view.pin(page) { pinned.append(page) }
        }
        let isDone = arena.view.claim() != nil
        #expect(isDone == (pins <= 32))
        for page in pinned { arena.view.unpin(page) }
    }
}

@Suite struct ClaimsOfTheNewestPage {
    /// One writer: what is readable are the newest pages, all but one of the arena or more.
    @Test(arguments: [2, 3, 16], [0, (1 << 44) - 20, (1 << 20) - 3] as [UInt64])
    func aWriterAlone(pages: Int, ticket: UInt64) throws {
        let arena = makeArena(pages: pages, ticket: ticket)
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        for round in 0..<40 as Range<UInt64> {
            emitLarge(round * 4..<round * 4 + 4, to: writer)
            let read = try arena.events(lane: 0) { _ in .wide }.keys.sorted()
            let last = round * 4 + 3
            #expect(read.last == last)
            #expect(UInt64(read.count) == min(last + 1, UInt64(pages) * 4))
            #expect(read.first.map { $0 + UInt64(read.count) - 1 } == last, "no hole")
        }
        let tickets = try arena.contents { _ in .wide }.map(\.header.ticket)
        #expect(tickets.max() == ticket + 39 && Set(tickets).count == pages)
    }

    /// A thread that filled its page long ago and closes it now has new events in it: others take older pages first.
    @Test func aPageThatWasSealedLate() throws {
        let arena = makeArena(pages: 16)
        let slow = try arena.attach(thread: 1)
        let fast = try arena.makeWriter(as: DenseEncoding.self)
        _ = slow.appendOffPath(DenseEncoding.one(7), id: 1, at: .now, as: DenseEncoding.self)
        emitLarge(0..<15 * 4, to: fast)  // the hand stands in front of the slow thread's page now
        arena.view.detach(slow)
        emitLarge(60..<65, to: fast)
        let pages = try arena.contents { $0 == 1 ? .one : .wide }
        #expect(pages.contains { $0.header.lane == 0 && $0.events.count == 1 }, "the page sealed last was taken first")
    }

    /// Idle threads hold their pages; the others rotate in what is left, and lose nothing.
    @Test func idleThreadsHoldPages() throws {
        let arena = makeArena(pages: 16)
        for thread in 1...13 as ClosedRange<UInt32> {
            let lane = try arena.attach(thread: thread)
            #expect(lane.appendOffPath(DenseEncoding.one(7), id: 1, at: .now, as: DenseEncoding.self) == .done)
        }
        let busy = try arena.makeWriter(as: DenseEncoding.self)
        for round in 0..<50 as Range<UInt64> {
            emitLarge(round * 4..<round * 4 + 4, to: busy)
            let read = try arena.events(lane: 13) { $0 == 1 ? .one : .wide }.keys.sorted()
            #expect(read.last == round * 4 + 3 && read.count >= min(8, Int(round + 1) * 4))
        }
        #expect(arena.lanes[13].lost == 0)
    }
}
