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

/// The boundaries of the past that windows may begin at: the older, the farther apart, but never by more than a share of
/// their age, however short or long generations are.
///
/// Invariants
///   1. Boundaries ascend, and there are at most ``capacity``. Otherwise, a day of recording fills the memory that the trace was
///      promised to stay within: each has a word a lane.
///   2. The newest ``recent`` are kept. Otherwise, a window does not hold the last generation alone.
///   3. Of the others, that one goes whose neighbours are the least apart, as a share of their age. Otherwise, where
///      generations are short, a window begins long before the age that was asked for.
struct GenerationHistory: Sendable {
    private(set) var boundaries: [GenerationBoundary] = []

    static var capacity: Int { 64 }
    static var recent: Int { 8 }

    mutating func append(_ boundary: GenerationBoundary) {
        boundaries.append(boundary)
        guard boundaries.count > Self.capacity else { return }
        boundaries.remove(at: leastMissed(boundaries.map(\.clock.monotonic)))
    }

    /// The boundary without which windows begin too early by the least share of their age. Not the oldest: where nothing older
    /// is known, a window begins there.
    private func leastMissed(_ times: [UInt64]) -> Int {
        var found = (index: 1, share: Double.infinity)
        for index in 1..<(times.count - Self.recent) {
            let (begin, next) = (times[index - 1], times[index + 1])
            let share = Double(next - begin) / Double(max(times[times.count - 1] - begin, 1))
            if share < found.share { found = (index, share) }
        }
        return found.index
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
