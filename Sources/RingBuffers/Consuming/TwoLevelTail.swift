public import MemoryAccess

/// A ring's tail as its consumers see it: the exact one, which the producer stores with every element, and a lagging one,
/// which it stores once in a while. Who keeps up reads the exact tail; who streams reads the lagging one, and does not take
/// the producer's line away at each element.
///
/// Positions are in the ring's own unit (slots or bytes), modulo 2^64.
@frozen
@usableFromInline
struct TwoLevelTail<Memory: MemoryModel> {
    /// One past the last element published.
    @usableFromInline let exact: SharedWord

    /// Less `lag`, one past an element published some time ago. A reader's hardware prefetches lines beyond those that it
    /// reads; at a distance, they are not the ones that the producer is about to write.
    @usableFromInline let lagging: SharedWord
    @usableFromInline let lag: UInt64

    /// What a cache line holds, or more where an element is larger.
    @usableFromInline let line: UInt64

    /// What one look of a streaming consumer should bring. With less it pauses longer before the next: each look costs the
    /// producer a line, and the more elements it brings the less it costs each.
    @usableFromInline let wantedGain: UInt64

    /// True where a streaming consumer that found only the exact tail takes half of what it found, to win distance. Every
    /// position has to be one between elements.
    @usableFromInline let splits: Bool

    @inlinable @inline(__always)
    init(
        exact: SharedWord, lagging: SharedWord, lag: UInt64 = 0, line: UInt64, wantedGain: UInt64, splits: Bool = false
    ) {
        self.exact = exact
        self.lagging = lagging
        self.lag = lag
        self.line = line
        self.wantedGain = wantedGain
        self.splits = splits
    }

    /// A tail beyond `head`, up to which all is read; `head` itself only if the exact tail, loaded last, said so. Acquires
    /// the elements below what it returns.
    @inlinable @inline(__always)
    func look(beyond head: UInt64, _ pace: inout ConsumerPace) -> UInt64 {
        guard pace.isStreaming else {
            let tail = Memory.loadAcquire(exact)
            pace.looked(gain: tail &- head, line: line)
            return tail
        }
        for _ in 0..<pace.delay { Memory.pause() }
        var before = head
        for poll in 0..<ConsumerPace.polls {
            let isFar = pace.evictsFar && Memory.comesFromFar(lagging)
            // It may lie behind `head`: compared as signed.
            let tail = Memory.loadAcquire(lagging) &- lag
            let gain = tail &- head
            if Int64(bitPattern: gain) > 0 {
                pace.streamingFound(enough: gain >= wantedGain, isFar: isFar)
                return tail
            }
            if poll == 0 { before = Memory.loadRelaxed(exact) }
            // Without a pause the polls take the line from the producer as fast as it gets it back.
            Memory.pause()
        }
        let tail = Memory.loadAcquire(exact)
        pace.polledInVain(progress: tail &- before, line: line)
        return splits && pace.isStreaming ? tail &- (tail &- head) / 2 : tail
    }
}
