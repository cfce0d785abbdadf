public import MemoryAccess

extension ArenaView {
    /// Keeps a page from being claimed until ``unpin(_:)``, if anything is in it. Any thread.
    ///
    /// - Returns: false for a page that is free or being claimed, and for one with 65535 pins.
    @inlinable
    package func pin(_ page: Int) -> Bool {
        while true {
            let state = PageState(Memory.loadRelaxed(self.state(of: page)))
            guard state.phase == .owned || state.phase == .sealed, state.pins < PageState.maximumPins else {
                return false
            }
            // Pairs with the open and the seal: header and, of a sealed page, all records are visible.
            if Memory.compareExchange(
                state.word, with: state.word &+ PageState.pin, in: self.state(of: page), order: .acquiring)
            {
                return true
            }
        }
    }

    @inlinable
    package func unpin(_ page: Int) {
        // Pairs with the acquire of the claim.
        _ = Memory.fetchAdd(0 &- PageState.pin, to: state(of: page), order: .releasing)
    }

    /// The header of a pinned page, with the end as of now or as of `cut`. What lies before it is immutable while pinned.
    ///
    /// - Parameter cut: where the lane's events end for this reader; nil: with the last one published.
    @inlinable
    package func header(ofPinned page: Int, upTo cut: (Int) -> LanePosition? = { _ in nil }) -> BatchHeader {
        let address = self.page(page)
        Memory.willRead(address, byteCount: BatchHeader.Offset.endIndex)
        Memory.willRead(address + BatchHeader.Offset.schemaCount, byteCount: 4)
        var header = BatchHeader(open: address)
        let end = cut(Int(header.lane)) ?? LanePosition(Memory.loadAcquire(lane(Int(header.lane)).pos))
        // After the position: an owned page's lane has not passed its end (invariant 8).
        let state = PageState(Memory.loadAcquire(self.state(of: page)))
        header.endIndex = end.index
        header.byteCount = UInt32(max(end.offset - BatchHeader.byteCount, 0))
        if state.phase == .sealed {
            Memory.willRead(address + BatchHeader.Offset.endIndex, byteCount: 12)
            let sealed = BatchHeader.end(of: address)
            if !LanePosition.precedes(end.index, sealed.index) { (header.endIndex, header.byteCount) = sealed }
        }
        // Invariant 10; and a cut before the page began.
        if !LanePosition.precedes(header.baseIndex, header.endIndex) {
            header.endIndex = header.baseIndex
            header.byteCount = 0
        }
        return header
    }
}
