public import MemoryAccess

extension GenericArena {
    /// Calls `body` with every page that holds events, in the order in which they were begun, while it is pinned: its header,
    /// with the end as of `cut`, and the page's bytes from the header on. Writers are not stopped. What they begin meanwhile is
    /// not visited; what they overwrite before this visit comes to it is missing.
    ///
    /// One page is pinned at a time, the oldest first, and a claim passes that one: so the visit needs to leave nothing to
    /// the writers in advance, and an arena at rest is visited whole. Any thread, several at a time.
    ///
    /// - Parameters:
    ///   - cut: events behind it are left out; nil: all that is published when the page is come to.
    ///   - body: must not read behind the end that the header gives. Throwing ends the visit.
    /// - Complexity: O(pages), beside what `body` does. Allocates nothing.
    /// - Throws: ``ArenaError/forked`` in a forked child, and what `body` throws.
    @inlinable
    public func visitPages(upTo cut: GenerationCut? = nil, _ body: (BatchHeader, RawSpan) throws -> Void) throws {
        guard isMapped else { throw ArenaError.forked }
        let start = Memory.loadAcquire(view.hand)
        for step in 0..<UInt64(geometry.pageCount) {
            let number = Int((start &+ step) % UInt64(geometry.pageCount))
            guard view.pin(number) else { continue }
            defer { view.unpin(number) }
            let header = view.header(ofPinned: number, upTo: { cut?[$0] })
            // A later ticket: a writer was faster.
            guard Int64(bitPattern: header.ticket &- start) < 0, header.byteCount > 0 else { continue }
            // SAFETY: the page belongs to the mapping, and is pinned.
            let bytes = UnsafeRawBufferPointer(start: view.page(number), count: geometry.pageByteCount)
            try body(header, bytes.bytes)
        }
    }
}
