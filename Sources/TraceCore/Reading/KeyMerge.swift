/// Merges sorted runs of keys, two at a time, without a branch on a key.
///
/// Keys are neither 0 nor `UInt64.max`: those stand before and behind each run, so that neither end of a merge looks
/// whether a run is used up. A merge goes on at four places at once, so that four chains of dependent loads overlap: from
/// both ends, and from its middle both ways.
///
/// ```
///   0 run 0 max  0 run 1 max  0 run 2 max  ...
///     \_____  _____/
///           \/
///        0 merged max
/// ```
enum KeyMerge {
    /// Where a run stands in its buffer: `0 ..` in front of `start`, `.. max` behind its last key.
    struct Run {
        var start: Int
        var count: Int
    }

    /// Merges `runs` of `keys` to one; `other` has as many words and is overwritten, too. Runs keep two words free each,
    /// in ascending order.
    ///
    /// Complexity: O(keys log(runs)), and no allocation. Returns the buffer in which the run stands.
    static func merge(
        _ runs: inout [Run], _ keys: UnsafeMutablePointer<UInt64>, _ other: UnsafeMutablePointer<UInt64>
    ) -> UnsafeMutablePointer<UInt64> {
        var (source, target) = (keys, other)
        while runs.count > 1 {
            var merged = 0
            var start = 1
            var index = 0
            while index < runs.count {
                let first = runs[index]
                if index + 1 < runs.count {
                    let second = runs[index + 1]
                    pair(
                        source + first.start, first.count, source + second.start, second.count, into: target + start)
                    runs[merged] = Run(start: start, count: first.count + second.count)
                } else {
                    (target + start).update(from: source + first.start, count: first.count)
                    runs[merged] = Run(start: start, count: first.count)
                }
                seal(target, runs[merged])
                start += runs[merged].count + 2
                merged += 1
                index += 2
            }
            runs.removeLast(runs.count - merged)
            swap(&source, &target)
        }
        return source
    }

    /// Puts the two words around a run.
    static func seal(_ keys: UnsafeMutablePointer<UInt64>, _ run: Run) {
        keys[run.start - 1] = 0
        keys[run.start + run.count] = .max
    }

    /// Requires: both runs sealed and not empty; room for all keys at `target`.
    ///
    /// The lower half of all keys is merged from both its ends, and so is the upper. Where a chain has used up its part of
    /// a run it meets a word that loses against any key of its half: one of those around the run, or a key of the run's
    /// part in the other half.
    @inline(__always)
    private static func pair(
        _ first: UnsafeMutablePointer<UInt64>, _ firstCount: Int, _ second: UnsafeMutablePointer<UInt64>,
        _ secondCount: Int, into target: UnsafeMutablePointer<UInt64>
    ) {
        let count = firstCount &+ secondCount
        let half = count / 2
        let middle = split(first, firstCount, second, secondCount, at: half)
        let quarter = half / 2
        // Where each chain stands in the first run. In the second it stands where the first and the number of keys that it
        // has written leave it: one value to keep in a register, not two.
        var (a, b, c, d) = (0, middle &- 1, middle, firstCount &- 1)
        let upper = target + half
        let end = target + count
        // SAFETY: see above: all stay within their runs and the words around.
        for index in 0..<quarter {
            target[index] = lower(first, &a, second, index)
            upper[-1 &- index] = greater(first, &b, second, half &- 2 &- index)
            upper[index] = lower(first, &c, second, half &+ index)
            end[-1 &- index] = greater(first, &d, second, count &- 2 &- index)
        }
        for index in quarter..<half &- quarter { target[index] = lower(first, &a, second, index) }
        for index in quarter..<count &- half &- quarter { upper[index] = lower(first, &c, second, half &+ index) }
    }

    /// How many of the lowest `count` keys of both runs are of the first. Complexity: O(log(count)).
    private static func split(
        _ first: UnsafeMutablePointer<UInt64>, _ firstCount: Int, _ second: UnsafeMutablePointer<UInt64>,
        _ secondCount: Int, at count: Int
    ) -> Int {
        var low = max(0, count - secondCount)
        var high = min(count, firstCount)
        while low < high {
            let middle = (low + high) / 2
            if first[middle] < second[count - middle - 1] { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The lower of two keys: of the first run at `position`, of the second at what is missing to `sum`. If it is the
    /// first one's, the position goes on.
    @inline(__always)
    private static func lower(
        _ first: UnsafeMutablePointer<UInt64>, _ position: inout Int, _ second: UnsafeMutablePointer<UInt64>, _ sum: Int
    ) -> UInt64 {
        let (one, other) = (first[position], second[sum &- position])
        position &+= one < other ? 1 : 0
        return one < other ? one : other
    }

    /// The greater of two keys; else as `lower`, and the position goes back.
    @inline(__always)
    private static func greater(
        _ first: UnsafeMutablePointer<UInt64>, _ position: inout Int, _ second: UnsafeMutablePointer<UInt64>, _ sum: Int
    ) -> UInt64 {
        let (one, other) = (first[position], second[sum &- position])
        position &-= other < one ? 1 : 0
        return other < one ? one : other
    }
}
