public import MemoryAccess

/// A page that is not overwritten while this value lives. Any thread may hold it, and pass it on.
@frozen
public struct PinnedPage<Memory: MemoryModel>: ~Copyable, @unchecked Sendable {
    /// The page's place in the arena.
    public let number: Int
    @usableFromInline let arena: GenericArena<Memory>

    @inlinable
    init(_ number: Int, of arena: GenericArena<Memory>) {
        self.number = number
        self.arena = arena
    }

    @inlinable
    deinit { if arena.isMapped { arena.view.unpin(number) } }

    /// The header, with the end as of now. Later calls may find a later end, never an earlier one.
    @inlinable
    public var header: BatchHeader { arena.view.header(ofPinned: number) }

    /// The header, with the end where the generation ended, or before: what lies behind is not part of it.
    @inlinable
    public func header(upTo cut: GenerationCut) -> BatchHeader {
        arena.view.header(ofPinned: number) { cut[$0] }
    }

    /// Calls `body` with the page: 64 bytes of header, of which ``header`` is to be believed and not these, and the records.
    /// Bytes behind the end that ``header`` gave belong to the writer and must not be read.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = arena.view.page(number)
        // SAFETY: the page belongs to the mapping, which `arena` keeps.
        let bytes = UnsafeRawBufferPointer(start: start, count: arena.geometry.pageByteCount)
        return try body(bytes.bytes)
    }
}

extension GenericArena {
    /// Pins a page, if anything is in it.
    ///
    /// - Parameter number: 0 to the geometry's page count - 1.
    /// - Returns: nil for a page that was never used or is just being reused, for one with 65535 pins, and in a forked
    ///   child.
    @inlinable
    public func pin(_ number: Int) -> PinnedPage<Memory>? {
        precondition(number >= 0 && number < geometry.pageCount, "page \(number) of \(geometry.pageCount)")
        guard isMapped, view.pin(number) else { return nil }
        return PinnedPage(number, of: self)
    }
}
