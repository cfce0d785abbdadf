/// Where the keys of a window are made and sorted.
///
/// ```
///   made     a run for each lane, with room for all that it could hold
///   sorted   as many words as there are keys, and some
/// ```
struct KeyBuffers: ~Copyable {
    /// Lanes make their runs here. Invalid after the next `reserve`.
    private(set) var made: UnsafeMutablePointer<UInt64> = .allocate(capacity: 1)
    private var madeCapacity = 1
    private var sorted: UnsafeMutablePointer<UInt64> = .allocate(capacity: 1)
    private var sortedCapacity = 1

    /// Up to here, merging takes less time than counting.
    private static var mergedRuns: Int { 8 }

    init() {}

    deinit {
        made.deallocate()
        sorted.deallocate()
    }

    mutating func reserve(_ words: Int) { Self.reserve(words, &made, &madeCapacity) }

    private static func reserve(_ words: Int, _ buffer: inout UnsafeMutablePointer<UInt64>, _ capacity: inout Int) {
        guard words > capacity else { return }
        buffer.deallocate()
        capacity = words + words / 2
        buffer = .allocate(capacity: capacity)
    }

    /// All keys of `runs` in order; they stay where they are until the next call of this value.
    mutating func sort(_ all: [KeyMerge.Run]) -> UnsafeMutableBufferPointer<UInt64> {
        var runs = all.filter { $0.count > 0 }
        let count = runs.reduce(0) { $0 + $1.count }
        if runs.count > Self.mergedRuns, count <= KeyBuckets.maxKeys {
            let words = KeyBuckets.words(keys: count)
            Self.reserve(count + words, &sorted, &sortedCapacity)
            if KeyBuckets.sort(runs, made, count: count, into: sorted, sorted + count) {
                return UnsafeMutableBufferPointer(start: sorted, count: count)
            }
        }
        Self.reserve(count + 2 * runs.count, &sorted, &sortedCapacity)
        for run in runs { KeyMerge.seal(made, run) }
        let keys = KeyMerge.merge(&runs, made, sorted)
        return UnsafeMutableBufferPointer(start: keys + (runs.first?.start ?? 0), count: count)
    }
}
