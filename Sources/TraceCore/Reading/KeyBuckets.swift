/// Sorts the keys of many sorted runs by counting: in time that does not depend on how many runs there are.
///
/// The keys' range is cut into one to two times as many buckets as there are keys, all of one width.
///
/// ```
///   runs      keys of each bucket are counted, counts are summed up: a bucket's word is where its keys begin
///   target    each key goes to its bucket's place, which moves on by one
///   target    one pass from left to right carries the greater of two keys along: neighbours change places
/// ```
///
/// Few buckets hold more than two keys, so that the last pass, which has no branch on a key, leaves little to be put in
/// order. Where times are bunched it does not: then it gives up, and the runs, which it only reads, can be merged instead.
enum KeyBuckets {
    /// Places are counted in 16 bits. None on a big-endian machine: there a word's counts stand the other way round.
    static var maxKeys: Int { 1.littleEndian == 1 ? 0xFFFF : 0 }
    /// Of the buckets: at most two to a key, four in a word.
    static func words(keys: Int) -> Int { keys / 2 + 1 }

    /// Sorts all keys of `runs`, which are not empty, to `target`; nothing is said of what stands there if it fails.
    ///
    /// Requires: two runs or more, `count` keys, at most `maxKeys`; room for `words(keys: count)` at `buckets`.
    /// Complexity: O(keys), no allocation.
    static func sort(
        _ runs: [KeyMerge.Run], _ keys: UnsafeMutablePointer<UInt64>, count: Int,
        into target: UnsafeMutablePointer<UInt64>, _ buckets: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        var low = UInt64.max
        var high: UInt64 = 0
        for run in runs {
            low = min(low, keys[run.start])
            high = max(high, keys[run.start + run.count - 1])
        }
        // The greatest power of two as a width that makes no fewer buckets than this.
        let wanted = UInt64(count)
        let range = high - low
        var shift: UInt64 = 0
        if range > wanted { shift = UInt64(wanted.leadingZeroBitCount - range.leadingZeroBitCount) }
        if range >> shift < wanted, shift > 0 { shift -= 1 }
        let words = Int(range >> shift) / 4 + 1
        buckets.update(repeating: 0, count: words)
        scatter(runs, keys, low, shift, target, buckets, words)
        return settle(target, count)
    }

    @inline(__always)
    private static func scatter(
        _ runs: [KeyMerge.Run], _ keys: UnsafeMutablePointer<UInt64>, _ low: UInt64, _ shift: UInt64,
        _ target: UnsafeMutablePointer<UInt64>, _ buckets: UnsafeMutablePointer<UInt64>, _ words: Int
    ) {
        // SAFETY: words and their quarters in turn, each set of accesses through a rebound pointer of its own.
        buckets.withMemoryRebound(to: UInt16.self, capacity: 4 * words) { places in
            for run in runs {
                for index in run.start..<run.start &+ run.count {
                    let bucket = Int(truncatingIfNeeded: (keys[index] &- low) &>> shift)
                    places[bucket] &+= 1
                }
            }
        }
        // Four counts a word: a multiplication sums them up. No sum is above `maxKeys`, so that none carries over.
        let ones: UInt64 = 0x1_0001_0001_0001
        var before: UInt64 = 0
        for index in 0..<words {
            let sums = buckets[index] &* ones
            buckets[index] = sums << 16 &+ before
            before &+= (sums >> 48) &* ones
        }
        buckets.withMemoryRebound(to: UInt16.self, capacity: 4 * words) { places in
            for run in runs {
                for index in run.start..<run.start &+ run.count {
                    let key = keys[index]
                    let bucket = Int(truncatingIfNeeded: (key &- low) &>> shift)
                    let place = places[bucket]
                    places[bucket] = place &+ 1
                    target[Int(place)] = key
                }
            }
        }
    }

    /// Puts in order what is nearly so. False if that takes more than some moves a key.
    @inline(__always)
    private static func settle(_ keys: UnsafeMutablePointer<UInt64>, _ count: Int) -> Bool {
        var moves = 4 * count
        var last: UInt64 = 0
        var carried = keys[0]
        for index in 1..<count {
            let key = keys[index]
            let lower = min(carried, key)
            carried = max(carried, key)
            keys[index &- 1] = lower
            if lower < last {
                var place = index &- 1
                repeat {
                    keys[place] = keys[place &- 1]
                    place &-= 1
                    moves &-= 1
                } while place > 0 && keys[place &- 1] > lower && moves > 0
                keys[place] = lower
                if moves <= 0 { return false }
            } else {
                last = lower
            }
        }
        keys[count &- 1] = carried
        return true
    }
}
