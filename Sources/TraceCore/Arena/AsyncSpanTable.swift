package import MemoryAccess
internal import Synchronization

// The open spans across threads: begun on one thread, to be ended on any.
//
// Layout, 32 bytes a slot
//     0    number   of the span; 0: free; all ones: being written
//     8    entry    { start 48 | schema id 16 }, as in a stack (SpanStack.swift)
//     16   origin   { lane 32 | thread 32 } that began it
//
// Ownership
//   A slot is its span's from the begin to the end, whichever thread makes them. Any thread reads.
//
// Invariants
//   1. A slot is taken by a compare-exchange from 0, and freed by one from the span's own number. Otherwise, a span that is
//      ended twice frees another's slot. Numbers never come again.
//   2. Entry and origin are stored (release) between the taking and the store (release) of the number, and read (acquire)
//      between two loads of the same number. Otherwise, a reader mixes two spans.

/// Where they stand in an arena's mapping.
@usableFromInline
package enum AsyncSpanTable {
    /// Spans beyond are counted and not listed.
    @inlinable package static var slotCount: Int { 1024 }
    @inlinable package static var slotByteCount: Int { 32 }
    @inlinable package static var byteCount: Int { slotCount * slotByteCount }

    /// Slots that a begin looks at before it goes unlisted.
    static var patience: Int { 16 }
    static var beingWritten: UInt64 { .max }

    package struct Span: Sendable {
        package var number: UInt64
        package var entry: SpanEntry
        package var lane, thread: UInt32

        package init(number: UInt64, entry: SpanEntry, lane: UInt32, thread: UInt32) {
            (self.number, self.entry, self.lane, self.thread) = (number, entry, lane, thread)
        }
    }
}

extension ArenaView {
    package func asyncSpan(_ slot: Int, _ offset: Int) -> SharedWord {
        word(at: geometry.asyncSpansOffset + slot * AsyncSpanTable.slotByteCount + offset)
    }

    /// Spans that found no slot.
    var unlistedSpans: SharedWord { word(at: ArenaHeader.unlistedSpans) }

    /// Lists an open span. Any thread; a signal handler, too.
    ///
    /// - Returns: its slot, or nil where it was counted only.
    /// - Complexity: O(1): a compare-exchange, and a look at up to 16 slots where many are taken.
    package func list(_ span: AsyncSpanTable.Span) -> Int? {
        // A thread's numbers follow each other; those of different threads differ from the tenth bit on.
        var slot = Int(truncatingIfNeeded: span.number &+ (span.number &>> 10) &* 389) & (AsyncSpanTable.slotCount - 1)
        var looks = AsyncSpanTable.patience
        while looks > 0 {
            looks -= 1
            let number = asyncSpan(slot, 0)
            if Memory.loadRelaxed(number) == 0,
                Memory.compareExchange(0, with: AsyncSpanTable.beingWritten, in: number, order: .acquiring)
            {
                Memory.storeRelease(span.entry.word, to: asyncSpan(slot, 8))
                Memory.storeRelease(UInt64(span.lane) &<< 32 | UInt64(span.thread), to: asyncSpan(slot, 16))
                // Pairs with the acquire of a reader (invariant 2).
                Memory.storeRelease(span.number, to: number)
                return slot
            }
            slot = (slot + 1) & (AsyncSpanTable.slotCount - 1)
        }
        _ = Memory.fetchAdd(1, to: unlistedSpans, order: .relaxed)
        return nil
    }

    /// Frees the slot of an open span, if it is that span's. Any thread; a signal handler, too.
    package func unlist(_ number: UInt64, slot: Int) {
        let word = asyncSpan(slot, 0)
        guard Memory.loadRelaxed(word) == number else { return }
        // Goes on with the release sequence of the number's store, which the next taking acquires.
        _ = Memory.compareExchange(number, with: 0, in: word, order: .relaxed)
    }

    /// The spans that are listed, each as it was at some time in the call. Any thread.
    func listedSpans() -> [AsyncSpanTable.Span] {
        (0..<AsyncSpanTable.slotCount).compactMap { listedSpan(in: $0) }
    }

    /// The span that a slot lists, as it was at some time in the call.
    package func listedSpan(in slot: Int) -> AsyncSpanTable.Span? {
        let number = Memory.loadAcquire(asyncSpan(slot, 0))
        guard number != 0, number != AsyncSpanTable.beingWritten else { return nil }
        let entry = SpanEntry(word: Memory.loadAcquire(asyncSpan(slot, 8)))
        let origin = Memory.loadAcquire(asyncSpan(slot, 16))
        guard Memory.loadRelaxed(asyncSpan(slot, 0)) == number else { return nil }
        return AsyncSpanTable.Span(
            number: number, entry: entry, lane: UInt32(truncatingIfNeeded: origin &>> 32),
            thread: UInt32(truncatingIfNeeded: origin))
    }
}
