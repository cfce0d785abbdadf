internal import TraceCore

/// From a timeline's nanoseconds since 1970 to those of the system's monotonic clock, which viewers take for a trace's time:
/// they keep times as doubles of microseconds in places, and those have no room for nanoseconds since 1970.
struct MonotonicTime {
    /// Both of the file's first clock pair.
    let wall: Int64
    let monotonic: UInt64

    init(_ pair: ClockPair) {
        wall = pair.wall
        monotonic = min(pair.monotonic, UInt64(Int64.max))
    }

    /// What does not fit 0 to 2^63 - 1 is the nearest that does.
    @inline(__always)
    func nanoseconds(_ time: Int64) -> UInt64 {
        let (distance, overflow) = time.subtractingReportingOverflow(wall)
        let (sum, overflowToo) = distance.addingReportingOverflow(Int64(monotonic))
        guard !overflow, !overflowToo, sum >= 0 else { return Self.clamped(time, self) }
        return UInt64(sum)
    }

    @inline(never)
    private static func clamped(_ time: Int64, _ zero: MonotonicTime) -> UInt64 {
        let sum = Int128(time) - Int128(zero.wall) + Int128(zero.monotonic)
        return UInt64(clamping: min(sum, Int128(Int64.max)))
    }
}
