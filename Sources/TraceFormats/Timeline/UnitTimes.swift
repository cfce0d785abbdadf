internal import TraceCore

extension TimelineContext {
    /// The first unit whose time, by ``time(units:)``, is not earlier than `nanoseconds` since 1970.
    ///
    /// - Complexity: O(64): times ascend with units.
    package func firstUnits(notBefore nanoseconds: Int64) -> UInt64 {
        var (low, high) = (UInt64.min, UInt64.max)
        while low < high {
            let middle = low + (high - low) / 2
            if time(units: middle) < nanoseconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
