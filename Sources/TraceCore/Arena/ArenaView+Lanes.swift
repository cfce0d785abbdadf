internal import CPlatform
internal import MemoryAccess

// A signal handler's emit may come to most of this, and its thread may be inside `malloc`: nothing here allocates. Unoptimised,
// a `for` over a range does.

extension ArenaView {
    /// The view of a mapping that this process formatted: its geometry stands in it.
    @inlinable
    package init(mapping base: UnsafeMutableRawPointer) {
        self.base = base
        geometry = ArenaGeometry(
            unchecked: base.load(fromByteOffset: ArenaHeader.pageByteCountOffset, as: Int.self),
            pageCount: base.load(fromByteOffset: ArenaHeader.pageCountOffset, as: Int.self),
            laneCapacity: base.load(fromByteOffset: ArenaHeader.laneCapacityOffset, as: Int.self))
    }

    /// Takes a free lane, the lowest there is. Sweeps first where all are taken.
    ///
    /// - Parameter isWriter: whether the lane belongs to whoever holds a ``LaneWriter``, and not to the thread.
    /// - Returns: nil where all are held by threads that live.
    /// - Complexity: O(lanes in use).
    package func attach(thread: UInt32, isWriter: Bool = false) -> Lane<Memory>? {
        if let lane = takeLane(thread: thread, isWriter) { return lane }
        guard sweep() > 0 else { return nil }
        return takeLane(thread: thread, isWriter)
    }

    private func takeLane(thread: UInt32, _ isWriter: Bool) -> Lane<Memory>? {
        var number = 0
        while number < geometry.laneCapacity {
            defer { number += 1 }
            let lane = lane(number)
            let free = LaneOwner(word: Memory.loadRelaxed(lane.owner))
            guard free.isFree else { continue }
            let taken = free.next(isWriter ? .writer : .thread, thread: thread)
            // Pairs with the release of `detach` (invariant 11).
            guard Memory.compareExchange(free.word, with: taken.word, in: lane.owner, order: .acquiring) else {
                continue
            }
            raiseLaneCount(to: UInt64(number) + 1)
            prepare(lane)
            return lane
        }
        return nil
    }

    private func raiseLaneCount(to count: UInt64) {
        var current = Memory.loadRelaxed(laneCount)
        while current < count {
            if Memory.compareExchange(current, with: count, in: laneCount, order: .relaxed) { return }
            current = Memory.loadRelaxed(laneCount)
        }
    }

    /// Index, tag and mark go on from the last owner. So does time, unless it lies behind the present.
    private func prepare(_ lane: Lane<Memory>) {
        lane.limit = 0
        lane.generation = generation
        lane.arena = base
        lane.left = nil
        // The last words of the lane: no emit waits for its memory.
        lane.name = LaneName(words: (0, 0))
        Memory.storeRelaxed(0, to: lane.preparing)
        // Unequal to `pos`: no emit is under way.
        Memory.storeRelaxed(~Memory.loadRelaxed(lane.pos), to: lane.entry)
        Memory.storeRelaxed(max(Memory.loadRelaxed(lane.clock), Stamp.now.units), to: lane.clock)
    }

    /// Seals the lane's page and frees the lane. Its thread, or who holds it in a sweep.
    package func detach(_ lane: Lane<Memory>) {
        lane.release(in: self)
        free(lane)
    }

    /// ``detach(_:)`` for a thread that ended, and whose last stores nothing orders before this: read-modify-writes find the
    /// newest value of a word, and acquire what led to it. It may have ended anywhere, so nothing is sealed but a page that
    /// is the lane's.
    private func reclaim(_ lane: Lane<Memory>) {
        let end = LanePosition(Memory.fetchAdd(0, to: lane.pos, order: .acquiring))
        let held = Int(Memory.fetchAdd(0, to: lane.holding, order: .relaxed))
        // The pin keeps the page in this lane's hands, if it is: and pairs with its open, whose header is read here.
        if held != 0, pin(held - 1) {
            let page = held - 1
            let isOwned = PageState(Memory.loadRelaxed(state(of: page))).phase == .owned
            if isOwned, header(ofPinned: page).lane == UInt32(number(of: lane)) { seal(page, end: end) }
            unpin(page)
        }
        Memory.storeRelaxed(0, to: lane.holding)
        lane.limit = 0
        free(lane)
    }

    private func free(_ lane: Lane<Memory>) {
        // What a thread leaves open ends with it.
        Memory.storeRelaxed(0, to: lane.depth)
        // Pairs with the acquire of `takeLane`.
        Memory.storeRelease(LaneOwner(word: Memory.loadRelaxed(lane.owner)).next(.free).word, to: lane.owner)
    }

    /// Frees the lanes of threads that ended without a word. Any thread; returns how many it freed.
    ///
    /// - Complexity: a system call a lane.
    @discardableResult
    package func sweep(lives: (UInt32) -> Bool = { cplatform_thread_lives($0) }) -> Int {
        var freed = 0
        let count = Int(Memory.loadRelaxed(laneCount))
        var number = 0
        while number < count {
            defer { number += 1 }
            let lane = lane(number)
            let owner = LaneOwner(word: Memory.loadRelaxed(lane.owner))
            guard owner.isThread, !lives(owner.thread) else { continue }
            guard Memory.compareExchange(owner.word, with: owner.next(.sweeper).word, in: lane.owner, order: .relaxed)
            else { continue }
            reclaim(lane)
            freed += 1
        }
        return freed
    }
}

/// Who holds a lane: { changes 28 | kind 4 | thread id 32 }. No two holds of a lane are equal, though a thread's id may come
/// again: a sweep that asked whether a thread lives takes the lane from that one alone, and not from its namesake.
@usableFromInline
package struct LaneOwner: Equatable, Sendable {
    @usableFromInline package let word: UInt64

    package enum Kind: UInt64 {
        case free, thread
        /// The page of a dead thread is being sealed.
        case sweeper
        /// Whoever holds a ``LaneWriter``: the thread that made it may have ended.
        case writer
    }

    package init(word: UInt64) { self.word = word }

    package func next(_ kind: Kind, thread: UInt32 = 0) -> LaneOwner {
        LaneOwner(word: ((word &>> 36) &+ 1) &<< 36 | kind.rawValue &<< 32 | UInt64(thread))
    }

    private var kind: UInt64 { word &>> 32 & 0xF }
    package var isFree: Bool { kind == Kind.free.rawValue }
    package var isThread: Bool { kind == Kind.thread.rawValue }
    package var thread: UInt32 { UInt32(truncatingIfNeeded: word) }
}
