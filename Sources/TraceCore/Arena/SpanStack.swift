internal import CPlatform
public import MemoryAccess

// The open spans of a thread, at its lane: begun, not ended, also where the begin's page was overwritten long ago.
//
// Layout
//   depth        open spans, those included that found no room
//   29 entries   { start 48 | schema id of the begin 16 }, the outermost first. The start is in units, without its high bits:
//                whoever reads restores them, since it lies within 2^48 units (20 days of 6 ns) before some later instant.
//   No addresses: a reader of the mapping after a crash needs nothing else.
//
// Ownership
//   The lane's owner writes, in the part of an emit that no other emit of its thread can come into (Lane+Append.swift). So
//   a signal handler's spans leave the stack as they found it, and those that are refused do not touch it. Any thread reads.
//
// Invariants
//   1. An entry is stored before the depth (release) that covers it, and read after a load (acquire) of such a depth.
//      Otherwise, a reader sees the entry of a span that has ended.
//   2. An entry is one word. Otherwise, a reader may find the start of one span with the id of another.
//   3. The depth is changed between an emit's entry and the store of `pos`, or while `preparing` is set. Otherwise, a handler's
//      begin takes an entry that its thread has written and not yet covered.
//   4. The path looks at depth and innermost entry before the emit's entry, and at `pos` after it: what a handler does in
//      between moves `pos`. Otherwise, it would act upon what it saw before.
//   5. Whatever the ends that come, the depth never falls below 0, and what is popped lies at or above a begin of the
//      end's own event. Otherwise, one end without a begin closes the spans of others.
//   6. An entry is stored (release) after the depth that left it uncovered, and read (acquire) before the second look at the
//      depth. Otherwise, a reader finds the new entry below others that ended before it began, twice in a row.
//
// A span that its category was switched off over may never see its end. It counts as closed, and its entry goes when an
// end below it pops it, or when there is no room left.

extension Lane {
    /// Spans deeper than that are counted and not listed, and each of their begins and ends takes the way off the path.
    @inlinable package static var spanCapacity: UInt64 { 29 }

    @inlinable @inline(__always) package var depth: SharedWord { word(128) }

    /// - Parameter index: at most ``spanCapacity``, counted from 1: entry 0 is the depth itself.
    @inlinable @inline(__always)
    package func span(_ index: UInt64) -> SharedWord { word(128 &+ Int(truncatingIfNeeded: index &* 8)) }
}

/// An entry of the stack.
@usableFromInline
package struct SpanEntry: Sendable, Equatable {
    @usableFromInline package let word: UInt64

    @inlinable package init(word: UInt64) { self.word = word }
    @inlinable package init(id: UInt32, units: UInt64) { word = units &<< 16 | UInt64(id) }

    /// Schema id of the begin.
    @inlinable package var id: UInt16 { UInt16(truncatingIfNeeded: word) }

    /// The start in full, of a span that began at most 2^48 units before `limit`, and not after it.
    package func start(before limit: UInt64) -> UInt64 { limit &- ((limit &- word &>> 16) & (1 &<< 48 &- 1)) }

    /// Right where they are less than 2^47 units apart.
    func began(after other: SpanEntry) -> Bool {
        Int64(bitPattern: (word &>> 16 &- other.word &>> 16) &<< 16) > 0
    }

    /// False where the event's category was switched since the span began. Right for 2^47 units, 10 days of 6 ns.
    package var isListed: Bool {
        let switched = cplatform_event_switch_time(id)
        return switched == 0 || Int64(bitPattern: (word &>> 16 &- switched) &<< 16) >= 0
    }
}

/// What an event does to the stack of open spans of its thread.
@usableFromInline
package protocol SpanChange: Sendable {
    /// The depth, or nil where the change is for ``applyOffPath(to:id:units:)``.
    static func usualDepth<Memory>(of lane: Lane<Memory>, id: UInt32) -> UInt64?

    /// The change, at a depth as ``usualDepth(of:id:)`` gave it.
    static func apply<Memory>(to lane: Lane<Memory>, at depth: UInt64, id: UInt32, units: UInt64)

    /// The change, at any depth.
    static func applyOffPath<Memory>(to lane: Lane<Memory>, id: UInt32, units: UInt64)
}

/// All events but begins and ends.
@frozen
@usableFromInline
package enum NoSpanChange: SpanChange {
    @inlinable @inline(__always)
    package static func usualDepth<Memory>(of lane: Lane<Memory>, id: UInt32) -> UInt64? { 0 }
    @inlinable @inline(__always)
    package static func apply<Memory>(to lane: Lane<Memory>, at depth: UInt64, id: UInt32, units: UInt64) {}
    @inlinable @inline(__always)
    package static func applyOffPath<Memory>(to lane: Lane<Memory>, id: UInt32, units: UInt64) {}
}

/// A begin.
@frozen
@usableFromInline
package enum SpanPush: SpanChange {
    @inlinable @inline(__always)
    package static func usualDepth<Memory>(of lane: Lane<Memory>, id: UInt32) -> UInt64? {
        let depth = Memory.loadOwn(lane.depth)
        return depth < Lane<Memory>.spanCapacity ? depth : nil
    }

    @inlinable @inline(__always)
    package static func apply<Memory>(to lane: Lane<Memory>, at depth: UInt64, id: UInt32, units: UInt64) {
        // Pairs with the acquire of a reader (invariant 6).
        Memory.storeRelease(SpanEntry(id: id, units: units).word, to: lane.span(depth &+ 1))
        // Pairs with the acquire of a reader (invariant 1).
        Memory.storeRelease(depth &+ 1, to: lane.depth)
    }

    @usableFromInline
    package static func applyOffPath<Memory>(to lane: Lane<Memory>, id: UInt32, units: UInt64) {
        if Memory.loadRelaxed(lane.depth) == Lane<Memory>.spanCapacity { lane.dropUnlistedSpans() }
        let depth = Memory.loadRelaxed(lane.depth)
        if depth < Lane<Memory>.spanCapacity {
            apply(to: lane, at: depth, id: id, units: units)
        } else {
            Memory.storeRelease(depth &+ 1, to: lane.depth)
        }
    }
}

/// An end, whose id is one more than its begin's.
@frozen
@usableFromInline
package enum SpanPop: SpanChange {
    @inlinable @inline(__always)
    package static func usualDepth<Memory>(of lane: Lane<Memory>, id: UInt32) -> UInt64? {
        let depth = Memory.loadOwn(lane.depth)
        guard depth <= Lane<Memory>.spanCapacity else { return nil }
        // At depth 0 this is the depth itself, 0, which is no event's id.
        let innermost = SpanEntry(word: Memory.loadOwn(lane.span(depth)))
        return UInt32(innermost.id) == id &- 1 ? depth : nil
    }

    @inlinable @inline(__always)
    package static func apply<Memory>(to lane: Lane<Memory>, at depth: UInt64, id: UInt32, units: UInt64) {
        Memory.storeRelease(depth &- 1, to: lane.depth)
    }

    @usableFromInline
    package static func applyOffPath<Memory>(to lane: Lane<Memory>, id: UInt32, units: UInt64) {
        let depth = Memory.loadRelaxed(lane.depth)
        if depth > Lane<Memory>.spanCapacity {
            // Whose end it is cannot be told: taken for the innermost's.
            Memory.storeRelease(depth &- 1, to: lane.depth)
        } else if let found = lane.innermostSpan(id: UInt16(truncatingIfNeeded: id &- 1), upTo: depth) {
            Memory.storeRelease(found &- 1, to: lane.depth)
        }
    }
}

extension Lane {
    /// Where the innermost open span of an event stands, counted from 1.
    func innermostSpan(id: UInt16, upTo depth: UInt64) -> UInt64? {
        var index = depth
        while index > 0 {
            let entry = SpanEntry(word: Memory.loadRelaxed(span(index)))
            if entry.id == id, entry.isListed || index == depth { return index }
            index -= 1
        }
        return nil
    }

    /// Takes out the entries of spans that no longer count as open. A reader that comes meanwhile finds those that stay, some of
    /// them in two places.
    func dropUnlistedSpans() {
        let depth = min(Memory.loadRelaxed(depth), Self.spanCapacity)
        var kept: UInt64 = 0
        var index: UInt64 = 0
        while index < depth {
            index += 1
            let entry = SpanEntry(word: Memory.loadRelaxed(span(index)))
            guard entry.isListed else { continue }
            kept += 1
            // Whatever of this a reader sees, the entry was open before.
            Memory.storeRelaxed(entry.word, to: span(kept))
        }
        Memory.storeRelease(kept, to: self.depth)
    }

    /// The entries that count as open, the outermost first, and how many spans are open, those included that found no room. Any
    /// thread.
    ///
    /// Two looks that find the same are taken for one instant: entries carry their start, so that one that was popped and
    /// pushed again differs. Where the owner is faster eight times in a row, each entry was there at some time in the call.
    /// Those from the first on that began before the one that it would nest in are left out: that one had ended when it began,
    /// or they were just being moved, and are seen twice.
    package func openSpans() -> (entries: [SpanEntry], depth: UInt64) {
        var seen = lookAtSpans()
        for _ in 0..<8 {
            let again = lookAtSpans()
            if again == seen { break }
            seen = again
        }
        seen.entries.removeAll { !$0.isListed }
        let pairs = zip(seen.entries, seen.entries.dropFirst())
        if let end = Array(pairs).firstIndex(where: { $0 == $1 || $0.began(after: $1) }) {
            seen.entries.removeSubrange((end + 1)...)
        }
        return seen
    }

    private func lookAtSpans() -> (entries: [SpanEntry], depth: UInt64) {
        // Pairs with the release of a push (invariant 1).
        let depth = Memory.loadAcquire(depth)
        let entries = (0..<min(depth, Self.spanCapacity)).map { SpanEntry(word: Memory.loadAcquire(span($0 + 1))) }
        return (entries, depth)
    }
}
