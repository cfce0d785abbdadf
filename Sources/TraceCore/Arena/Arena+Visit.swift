public import MemoryAccess

extension GenericArena {
    /// Calls `body` with the batches of the arena, a few at a time, while their pages are pinned: the pages in the order in
    /// which they were begun, each with its end as of `cut`, and the span that all of them stand in. Writers are not
    /// stopped. What they begin meanwhile is not visited; what they overwrite before this visit comes to it is missing.
    ///
    /// Fewer pages are pinned at a time than a claim passes: so the visit needs to leave nothing to the writers in advance,
    /// and an arena at rest is visited whole. Any thread, several at a time.
    ///
    /// - Parameters:
    ///   - cut: events behind it are left out; nil: all that is published when the page is come to.
    ///   - together: how many pages are pinned at a time, at most, 1 to 8.
    ///   - body: must read nothing but the batches' records: what lies behind belongs to writers. Throwing ends the visit.
    /// - Complexity: O(pages), beside what `body` does.
    /// - Throws: ``ArenaError/forked`` in a forked child, and what `body` throws.
    @inlinable
    public func visitBatches(
        upTo cut: GenerationCut? = nil, together: Int = 4, _ body: ([Batch], RawSpan) throws -> Void
    ) throws {
        precondition((1...8).contains(together), "\(together) pages pinned at a time")
        guard isMapped else { throw ArenaError.forked }
        // SAFETY: the mapping lives as long as this arena.
        let pages = UnsafeRawBufferPointer(start: view.page(0), count: geometry.pageCount * geometry.pageByteCount)
        var batches: [Batch] = []
        batches.reserveCapacity(together)
        defer { unpin(batches) }
        let start = Memory.loadRelaxed(view.hand)
        for step in 0..<UInt64(geometry.pageCount) {
            let number = Int((start &+ step) % UInt64(geometry.pageCount))
            guard view.pin(number) else { continue }
            let header = view.header(ofPinned: number, upTo: { cut?[$0] })
            // A later ticket: a writer was faster.
            guard Int64(bitPattern: header.ticket &- start) < 0, header.byteCount > 0 else {
                view.unpin(number)
                continue
            }
            batches.append(Batch(header, recordsAt: number * geometry.pageByteCount + BatchHeader.byteCount))
            if batches.count == together {
                try body(batches, pages.bytes)
                unpin(batches)
                batches.removeAll(keepingCapacity: true)
            }
        }
        if !batches.isEmpty { try body(batches, pages.bytes) }
    }

    /// Unpins the pages that these batches, by their offsets, stand in.
    @inlinable
    package func unpin(_ batches: [Batch]) {
        for batch in batches { view.unpin(batch.records.lowerBound / geometry.pageByteCount) }
    }

    /// Calls `body` with every batch of the arena, one at a time. All as of ``visitBatches(upTo:together:_:)``.
    @inlinable
    public func visitPages(upTo cut: GenerationCut? = nil, _ body: (Batch, RawSpan) throws -> Void) throws {
        try visitBatches(upTo: cut, together: 1) { try body($0[0], $1) }
    }
}
