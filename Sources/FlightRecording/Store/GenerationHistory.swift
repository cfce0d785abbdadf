/// Where a generation ended, and the next began.
struct GenerationBoundary: Sendable, Hashable {
    let cut: GenerationCut
    /// Taken at the cut.
    let clock: ClockPair
    /// The next ticket of a page then: what was sealed before is older.
    let hand: UInt64

    /// Of the generation that ended here.
    var generation: UInt64 { cut.generation }
}

/// The boundaries of the past that windows may begin at: all of the last minutes, fewer and fewer of the time before.
///
/// Invariants: boundaries ascend; the newest is always kept, and so is the one before it; there are at most ``capacity``.
/// Otherwise a day of recording would fill the memory that the trace was promised to stay within: each has a word a lane.
struct GenerationHistory: Sendable {
    private(set) var boundaries: [GenerationBoundary] = []

    static var capacity: Int { 64 }

    mutating func append(_ boundary: GenerationBoundary) {
        boundaries.append(boundary)
        guard boundaries.count > Self.capacity else { return }
        // Every second one of the older half: what is long ago is told apart less finely.
        let half = Self.capacity / 2
        boundaries = boundaries.enumerated().filter { $0.offset >= half || $0.offset % 2 == 0 }.map(\.element)
    }

    /// The newest boundary that lies `nanoseconds` or more before `end`: nil where none is that old.
    func last(atLeast nanoseconds: UInt64, before end: GenerationBoundary) -> GenerationBoundary? {
        guard nanoseconds <= end.clock.monotonic else { return nil }
        let latest = end.clock.monotonic - nanoseconds
        return boundaries.last { $0.clock.monotonic <= latest && $0.generation != end.generation }
    }

    /// The boundary before `end`: where its generation began.
    func previous(to end: GenerationBoundary) -> GenerationBoundary? {
        boundaries.last { Int64(bitPattern: $0.generation &- end.generation) < 0 }
    }
}
