public import MemoryAccess
public import Synchronization

// Pages, lanes and generations: the protocol
//
// Layout
//   One mapping (ArenaGeometry.swift). A thread writes through its lane (Lane.swift) into the one page that it owns; a page's
//   header is plain data (BatchHeader), its state one word (PageState.swift). The header words: `generation`, `hand` (the next
//   ticket), `laneCount` (lanes ever used).
//
// Ownership
//   Bytes of a page up to its lane's published offset never change until the page is claimed again, and a page is not claimed
//   while it is pinned: a reader reads a pinned page in place. The bytes behind are the owner's. A page's end stands in its
//   header from its seal on; before, the lane's `pos` tells it. So a page has no cursor, and who collects positions
//   touches no page.
//
// Invariants
//   1. A record is written before the store (release) of `pos` that covers it, and read after a load (acquire) of `pos` that
//      does. Otherwise, a reader sees unwritten bytes.
//   2. When a lane's generation changes, `mark` is stored before `tag` (release), and that before the `pos` (release) of
//      the first event of the new generation. Otherwise, a cut never settles, or misses an event's predecessor.
//   3. A lost event moves `pos` too, with release: a relaxed store would break the chain of releases. It is counted
//      inside an open page only with a lost record in place. Otherwise, the indices of what follows shift.
//   4. While a page is owned, its lane's `pos` has not passed its end: the end is written, the page sealed (fetch-add,
//      release), another one claimed, its header written, it is opened (release), and only then `pos` moves. The seal is a
//      read-modify-write: a plain store would erase a pin that comes in meanwhile.
//   5. A page is claimed by a compare-exchange (acquire) from a state without pins, older than the ticket. Otherwise, the
//      new owner's writes are not ordered after the old owner's and the last reader's.
//   6. A page opens with a store (release) of its ticket. It cannot be pinned while it is being claimed. Otherwise, a reader
//      finds the old header under the new ticket.
//   7. A pin is a compare-exchange (acquire) on an owned or sealed state. A blind add would break the store of 6.
//   8. A reader loads `pos` (acquire), or has a cut, and then the page's state again (acquire): sealed, and the end is the
//      smaller of header and position; owned, and the position is in this page. In the other order, the position may
//      belong to a later page.
//   9. An unpin is a fetch-sub (release). Otherwise, the next owner overwrites what is still being read.
//  10. A position whose index is the page's base means an empty page: its offset may still be the previous page's.
//  11. A lane changes hands by release and acquire of `owner`, after its page was sealed.
//  12. A reader of another process maps the file to read, and cannot pin (ArenaImage.swift). It loads positions, state, header
//      and records by words (acquire), and then the state again: unchanged, or owned first, sealed now, and the header's
//      ticket the same. The fence (release) behind a claim orders the claiming state before all that the new owner writes;
//      so if such a reader has loaded any of that, it sees the claim, and throws its copy away. Otherwise, where stores may
//      pass each other, it takes the new page's bytes for the old one's.
//
// Open spans have words of their own, with their own invariants: SpanStack.swift, AsyncSpanTable.swift.

/// An arena's mapping, seen as its words and pages. A bare address: whoever holds one keeps the mapping alive.
@frozen
@usableFromInline
package struct ArenaView<Memory: MemoryModel>: @unchecked Sendable {
    @usableFromInline package let base: UnsafeMutableRawPointer
    @usableFromInline package let geometry: ArenaGeometry

    @inlinable
    package init(base: UnsafeMutableRawPointer, geometry: ArenaGeometry) {
        self.base = base
        self.geometry = geometry
    }

    @inlinable
    func word(at offset: Int) -> SharedWord {
        // SAFETY: `offset` is that of a word of the mapping, which was bound to words when the arena was made.
        (base + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inlinable package var generation: SharedWord { word(at: ArenaHeader.generation) }
    @inlinable package var hand: SharedWord { word(at: ArenaHeader.hand) }
    @inlinable package var laneCount: SharedWord { word(at: ArenaHeader.laneCount) }
    @inlinable package func state(of page: Int) -> SharedWord { word(at: geometry.statesOffset + page * 8) }

    @inlinable
    package func lane(_ number: Int) -> Lane<Memory> {
        Lane(base + (geometry.lanesOffset + number * Lane<Memory>.byteCount))
    }

    @inlinable
    package func number(of lane: Lane<Memory>) -> Int {
        (lane.address - base - geometry.lanesOffset) / Lane<Memory>.byteCount
    }

    @inlinable
    package func page(_ number: Int) -> UnsafeMutableRawPointer {
        base + (geometry.pagesOffset + number * geometry.pageByteCount)
    }
}

/// The start of the mapping: what tells an arena from other files, and the words that all threads share.
@usableFromInline
package enum ArenaHeader {
    /// "FLTARENA" in memory.
    package static let magic: UInt64 = 0x414E_4552_4154_4C46
    package static let version: UInt64 = 4

    @inlinable package static var magicOffset: Int { 0 }
    @inlinable package static var versionOffset: Int { 8 }
    @inlinable package static var pageByteCountOffset: Int { 16 }
    @inlinable package static var pageCountOffset: Int { 24 }
    @inlinable package static var laneCapacityOffset: Int { 32 }

    /// Of a file: where its metadata stand (RingMetadata.swift), and how many bytes. 0 in memory.
    package static var metadataOffset: Int { 40 }
    package static var metadataByteCountOffset: Int { 48 }

    // Each in its own pair of lines: `generation` is read at each emit, `hand` is written at each claim.
    @inlinable package static var generation: Int { 256 }
    @inlinable package static var hand: Int { 384 }
    @inlinable package static var laneCount: Int { 512 }
    @inlinable package static var unlistedSpans: Int { 640 }
}

extension ArenaView {
    /// Writes the header and binds all words of a mapping that holds zeros.
    ///
    /// - Parameter ticket: the first one; tests seed it near 2^44.
    package func format(generation first: UInt64 = 1, ticket: UInt64 = 0, metadata: Range<Int> = 0..<0) {
        let words = geometry.pagesOffset / 8
        let all = base.bindMemory(to: UInt64.self, capacity: words)
        all[ArenaHeader.magicOffset / 8] = ArenaHeader.magic
        all[ArenaHeader.versionOffset / 8] = ArenaHeader.version
        all[ArenaHeader.pageByteCountOffset / 8] = UInt64(geometry.pageByteCount)
        all[ArenaHeader.pageCountOffset / 8] = UInt64(geometry.pageCount)
        all[ArenaHeader.laneCapacityOffset / 8] = UInt64(geometry.laneCapacity)
        all[ArenaHeader.metadataOffset / 8] = UInt64(metadata.lowerBound)
        all[ArenaHeader.metadataByteCountOffset / 8] = UInt64(metadata.count)
        // SAFETY: an atomic word is laid out as the word; the mapping is not shared yet.
        (base + 256).bindMemory(to: Atomic<UInt64>.self, capacity: words - 32)
        generation.initialize(to: Atomic(first))
        hand.initialize(to: Atomic(ticket))
        laneCount.initialize(to: Atomic(0))
        for page in 0..<geometry.pageCount {
            // Half an arena older than the first ticket: old enough to be claimed.
            let state = PageState(sequence: ticket &- UInt64(geometry.pageCount), phase: .free)
            self.state(of: page).initialize(to: Atomic(state.word))
        }
    }
}
