public import MemoryAccess

extension ArenaView {
    /// How many pages readers may keep pinned for as long as they like, all together: a quarter.
    @inlinable package var pinBudget: Int { geometry.pageCount / 4 }

    /// How many pinned pages a claim passes before it gives up: those, and what visits pin for a moment. Otherwise a reader
    /// that is stuck would cost the writers events; the hand moves past its pages once a lap.
    @inlinable var patience: Int { pinBudget + 16 }

    /// Takes the oldest page that nobody holds. The caller writes its header and opens it. Any thread.
    ///
    /// The hand points at the oldest page; the claim looks from there on and moves the hand only past what it took, so a
    /// failed claim burns no ticket. Owned pages are passed, and so are young ones: a page that was sealed late is young
    /// though the hand has come to it, and has a second chance. Pinned ones are what somebody is reading: at most
    /// ``patience`` of them are passed, since the pages behind them are newer than they are.
    ///
    /// - Returns: nil where no page can be had.
    /// - Complexity: O(1) as long as few pages are owned or pinned, at most three looks a page.
    @inlinable
    package func claim() -> (page: Int, ticket: UInt64)? {
        let pageCount = UInt64(geometry.pageCount)
        var ticket = Memory.loadRelaxed(hand)
        var pinned = 0
        var looks = 2 * geometry.pageCount + Int(truncatingIfNeeded: Memory.loadRelaxed(laneCount))
        while looks > 0 {
            looks -= 1
            let page = Int(ticket % pageCount)
            let state = PageState(Memory.loadRelaxed(self.state(of: page)))
            let isOld = 2 * state.age(at: ticket) >= Int64(pageCount)
            if state.phase == .free || state.phase == .sealed, isOld {
                if state.pins == 0 {
                    let claimed = PageState(sequence: ticket, phase: .claiming)
                    // Pairs with the unpin and the seal (both release): what they ordered comes before what this owner writes.
                    if Memory.compareExchange(
                        state.word, with: claimed.word, in: self.state(of: page), order: .acquiring)
                    {
                        // Invariant 12: no instruction on x86-64.
                        Memory.releaseFence()
                        advanceHand(past: ticket)
                        return (page, ticket)
                    }
                    continue
                }
                pinned += 1
                if pinned > patience { return nil }
            }
            ticket &+= 1
        }
        return nil
    }

    @inlinable
    func advanceHand(past ticket: UInt64) {
        var current = Memory.loadRelaxed(hand)
        while Int64(bitPattern: current &- ticket) <= 0 {
            if Memory.compareExchange(current, with: ticket &+ 1, in: hand, order: .relaxed) { return }
            current = Memory.loadRelaxed(hand)
        }
    }

    /// Publishes a claimed page whose header is written.
    @inlinable
    package func open(_ page: Int, ticket: UInt64) {
        // Pairs with the acquire of a pin.
        Memory.storeRelease(PageState(sequence: ticket, phase: .owned).word, to: state(of: page))
    }

    /// Gives a page back that ends at `end`; its age counts from now. The owner, or who took the lane from it.
    @inlinable
    package func seal(_ page: Int, end: LanePosition) {
        let header = self.page(page)
        let base = LanePosition(
            index: header.load(fromByteOffset: BatchHeader.Offset.baseIndex, as: UInt64.self), offset: 0)
        let bytes = end.index == base.index ? 0 : end.offset - BatchHeader.byteCount
        Memory.willWrite(header + BatchHeader.Offset.endIndex, byteCount: 12)
        header.storeBytes(of: end.index.littleEndian, toByteOffset: BatchHeader.Offset.endIndex, as: UInt64.self)
        header.storeBytes(
            of: UInt32(bytes).littleEndian, toByteOffset: BatchHeader.Offset.byteCount, as: UInt32.self)
        let owned = PageState(Memory.loadRelaxed(state(of: page))).sequence
        let age = Memory.loadRelaxed(hand)
        let change = PageState(sequence: age &- owned, phase: .sealed).word &- PageState.Phase.owned.rawValue
        // Pairs with the acquire of a pin, of a reader's second look, and of a claim.
        _ = Memory.fetchAdd(change, to: state(of: page), order: .releasing)
    }
}
