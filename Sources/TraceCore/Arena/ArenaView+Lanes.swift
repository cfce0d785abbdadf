internal import CPlatform
internal import MemoryAccess

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

    /// Takes a free lane for the calling thread, the lowest there is. Sweeps first where all are taken.
    ///
    /// - Returns: nil where all are held by threads that live.
    /// - Complexity: O(lanes in use).
    package func attach(thread: UInt32) -> Lane<Memory>? {
        if let lane = takeLane(thread: thread) { return lane }
        guard sweep() > 0 else { return nil }
        return takeLane(thread: thread)
    }

    private func takeLane(thread: UInt32) -> Lane<Memory>? {
        for number in 0..<geometry.laneCapacity {
            let lane = lane(number)
            guard Memory.loadRelaxed(lane.owner) == 0 else { continue }
            // Pairs with the release of `detach` (invariant 11).
            guard Memory.compareExchange(0, with: LaneOwner(thread).word, in: lane.owner) else { continue }
            raiseLaneCount(to: UInt64(number) + 1)
            prepare(lane)
            return lane
        }
        return nil
    }

    private func raiseLaneCount(to count: UInt64) {
        var current = Memory.loadRelaxed(laneCount)
        while current < count {
            if Memory.compareExchange(current, with: count, in: laneCount) { return }
            current = Memory.loadRelaxed(laneCount)
        }
    }

    /// Index, tag and mark go on from the last owner. So does time, unless it lies behind the present.
    private func prepare(_ lane: Lane<Memory>) {
        lane.limit = 0
        lane.generation = generation
        lane.arena = base
        Memory.storeRelaxed(0, to: lane.preparing)
        // Unequal to `pos`: no emit is under way.
        Memory.storeRelaxed(~Memory.loadRelaxed(lane.pos), to: lane.entry)
        Memory.storeRelaxed(max(Memory.loadRelaxed(lane.clock), Stamp.now.units), to: lane.clock)
    }

    /// Seals the lane's page and frees the lane. Its thread, or who holds it in a sweep.
    package func detach(_ lane: Lane<Memory>) {
        lane.release(in: self)
        // Pairs with the acquire of `takeLane`.
        Memory.storeRelease(0, to: lane.owner)
    }

    /// Frees the lanes of threads that ended without a word. Any thread; returns how many it freed.
    ///
    /// - Complexity: a system call a lane.
    @discardableResult
    package func sweep(lives: (UInt32) -> Bool = { cplatform_thread_lives($0) }) -> Int {
        var freed = 0
        for number in 0..<Int(Memory.loadAcquire(laneCount)) {
            let lane = lane(number)
            let owner = LaneOwner(word: Memory.loadAcquire(lane.owner))
            guard owner.isThread, !lives(owner.thread) else { continue }
            guard Memory.compareExchange(owner.word, with: LaneOwner.sweeper.word, in: lane.owner) else { continue }
            detach(lane)
            freed += 1
        }
        return freed
    }
}

/// Who holds a lane.
@usableFromInline
package struct LaneOwner: Equatable, Sendable {
    @usableFromInline package let word: UInt64

    package init(word: UInt64) { self.word = word }
    package init(_ thread: UInt32) { word = 1 << 32 | UInt64(thread) }

    /// Held while the page of a dead thread is sealed.
    package static let sweeper = LaneOwner(word: 2 << 32)

    package var isThread: Bool { word >> 32 == 1 }
    package var thread: UInt32 { UInt32(truncatingIfNeeded: word) }
}
