import TraceCore

/// The generation of an event by its position: that of the first cut in front of which it stands.
func generation(ofIndex index: UInt64, lane: Int, by cuts: [GenerationCut]) -> UInt64 {
    for cut in cuts where LanePosition.precedes(index, cut[lane].index) { return cut.generation }
    return (cuts.last?.generation ?? 0) + 1
}
