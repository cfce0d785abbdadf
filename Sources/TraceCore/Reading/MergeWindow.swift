/// A batch that a merge has opened: how far its keys have been made.
struct MergeLane {
    let source: MergeSource
    /// Its place in the order of ties.
    let rank: Int
    var slot: ScanSlot
    /// Of its next record.
    var nextTime: UInt64
    var state: MergeState

    init(_ batch: Batch, number: Int, rank: Int) {
        source = MergeSource(start: batch.records.lowerBound, end: batch.records.upperBound, batch: number)
        self.rank = rank
        slot = ScanSlot(batch)
        nextTime = batch.header.baseTime
        state = MergeState(
            index: batch.header.baseIndex & 0xFFFF_FFFF_FFFF, generation: batch.header.generation)
    }
}

/// Where the records of a batch stand, and which it is.
@frozen
@usableFromInline
struct MergeSource {
    @usableFromInline let start: Int
    @usableFromInline let end: Int
    @usableFromInline let batch: Int
    /// Makes it 32 bytes, which are found by a shift.
    @usableFromInline let unused = 0
}

/// Of the next event to be delivered.
@frozen
@usableFromInline
struct MergeState {
    @usableFromInline var index: UInt64
    @usableFromInline var generation: UInt64
}
