public import TraceCore

/// Generations that a subscriber did not get, one behind the other: it was too slow. Which events they were is known.
public struct TraceLoss: Sendable, Hashable {
    /// How many.
    public private(set) var generations: UInt64
    /// Events in them, of all lanes, including those that writers had lost themselves.
    public var events: UInt64 { to.events(since: from) }

    private let from: GenerationCut
    private let to: GenerationCut

    init(from: GenerationCut, to: GenerationCut) {
        generations = 1
        self.from = from
        self.to = to
    }

    private init(_ generations: UInt64, from: GenerationCut, to: GenerationCut) {
        self.generations = generations
        self.from = from
        self.to = to
    }

    /// This loss, and `next`, which begins where this one ends.
    func followed(by next: TraceLoss) -> TraceLoss {
        TraceLoss(generations + next.generations, from: from, to: next.to)
    }

    /// What was lost of each lane: one run of indices.
    ///
    /// - Complexity: O(lanes).
    public var lanes: [Lane] {
        (0..<to.laneCount).compactMap { number in
            let count = to[number].events(since: from[number])
            guard count > 0 else { return nil }
            return Lane(lane: UInt32(number), gap: .init(firstIndex: from[number].index, count: count))
        }
    }

    public struct Lane: Sendable, Hashable {
        public var lane: UInt32
        public var gap: NativeGenerationEnd.Gap
    }
}

extension TraceLoss? {
    mutating func append(_ next: TraceLoss?) {
        guard let next else { return }
        self = self?.followed(by: next) ?? next
    }
}
