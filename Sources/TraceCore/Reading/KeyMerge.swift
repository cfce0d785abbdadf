/// Merges sorted runs of keys, two at a time, without a branch on a key.
///
/// Keys are neither 0 nor `UInt64.max`: those stand before and behind each run, so that neither end of a merge looks
/// whether a run is used up. A merge goes from both ends at once, half of the keys each: two chains of dependent loads
/// overlap.
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

    /// Requires: both runs sealed; room for all keys at `target`.
    @inline(__always)
    private static func pair(
        _ first: UnsafeMutablePointer<UInt64>, _ firstCount: Int, _ second: UnsafeMutablePointer<UInt64>,
        _ secondCount: Int, into target: UnsafeMutablePointer<UInt64>
    ) {
        let count = firstCount &+ secondCount
        let half = count / 2
        var (a, b) = (first, second)
        var (y, z) = (first + (firstCount - 1), second + (secondCount - 1))
        var back = target + (count - 1)
        // SAFETY: an end that has used up a run meets the word around it, which loses against any key, so `a`, `b`, `y`
        // and `z` stay within their runs and the words around.
        for index in 0..<half {
            let (low, high) = (a.pointee, b.pointee)
            let isSecond = high < low
            target[index] = isSecond ? high : low
            a += isSecond ? 0 : 1
            b += isSecond ? 1 : 0

            let (left, right) = (y.pointee, z.pointee)
            let isFirst = right < left
            back.pointee = isFirst ? left : right
            back -= 1
            y -= isFirst ? 1 : 0
            z -= isFirst ? 0 : 1
        }
        if count & 1 != 0 { target[half] = min(a.pointee, b.pointee) }
    }
}
