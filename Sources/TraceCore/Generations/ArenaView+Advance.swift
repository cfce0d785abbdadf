internal import MemoryAccess

/// Where a generation ends: each lane's position then, by number. A lane that came later has none: it began behind.
public struct GenerationCut: Sendable, Hashable {
    /// The generation that ends here.
    public let generation: UInt64
    @usableFromInline let positions: [LanePosition]

    @usableFromInline
    init(generation: UInt64, positions: [LanePosition]) {
        self.generation = generation
        self.positions = positions
    }

    public var laneCount: Int { positions.count }

    /// Events of the lane with an index before this one's belong to this generation or an earlier one.
    @inlinable
    public subscript(lane: Int) -> LanePosition { lane < positions.count ? positions[lane] : LanePosition(0) }

    /// Events of all lanes between two cuts, lost ones included.
    public func events(since earlier: GenerationCut) -> UInt64 {
        (0..<laneCount).reduce(0) { $0 + self[$1].events(since: earlier[$1]) }
    }
}

extension ArenaView {
    /// When the last event came before a position of a lane, in units, or a little later; nil where it has gone on since.
    package func lastTime(ofLane number: Int, at position: LanePosition) -> UInt64? {
        let lane = lane(number)
        // The position came from an acquire: this is the time of its event, or that of one that is under way.
        let time = Memory.loadRelaxed(lane.clock)
        return LanePosition(Memory.loadRelaxed(lane.pos)).index == position.index ? time : nil
    }

    /// Ends the current generation and begins the next. One caller at a time.
    ///
    /// A writer learns of it at its next event. So after the word is stored, the positions are collected until one pass
    /// over all lanes changes nothing: of a lane that has begun the new generation, the mark; of any other, its
    /// position. Then what happened before this call is inside the cut, and if one event happened before another, on any
    /// threads, its generation is not the later one. An event whose thread was descheduled in the middle falls into the
    /// next generation, and a closed one stays complete.
    ///
    /// - Complexity: O(lanes), a pass; 2 passes as a rule.
    package func advance() -> GenerationCut {
        let ending = Memory.loadRelaxed(generation)
        Memory.storeRelaxed(ending &+ 1, to: generation)
        return GenerationCut(generation: ending, positions: collect(next: ending &+ 1))
    }

    /// Ends the last generation: writers take no more events. One caller at a time, once.
    package func retire() -> GenerationCut {
        let ending = Memory.loadRelaxed(generation)
        Memory.storeRelaxed(ending | GenerationWord.retired, to: generation)
        return GenerationCut(generation: ending, positions: collect(next: ending | GenerationWord.retired))
    }

    /// The lanes' positions at the end of a generation, whose next one is `next`.
    private func collect(next: UInt64) -> [LanePosition] {
        var positions: [LanePosition] = []
        var isSettled = false
        while !isSettled {
            isSettled = true
            // Again in every pass: lanes may have come.
            let count = Int(Memory.loadRelaxed(laneCount))
            for number in 0..<count {
                let lane = lane(number)
                // The position before the tag: a position of the new generation shows the new tag (invariant 2).
                var position = LanePosition(Memory.loadAcquire(lane.pos))
                if Memory.loadAcquire(lane.tag) == next {
                    position = LanePosition(Memory.loadRelaxed(lane.mark))
                }
                if number == positions.count {
                    positions.append(position)
                    isSettled = false
                } else if positions[number] != position {
                    positions[number] = position
                    isSettled = false
                }
            }
        }
        return positions
    }
}
