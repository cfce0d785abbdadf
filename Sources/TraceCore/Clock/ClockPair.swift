internal import CPlatform

/// One instant on three clocks: what ties ticks to the system's time.
///
/// A recorder takes one at its start and one at the end of each generation.
public struct ClockPair: Sendable, Hashable {
    /// Of the trace clock, in the middle of the reading.
    public var ticks: UInt64
    /// CLOCK_MONOTONIC in nanoseconds.
    public var monotonic: UInt64
    /// CLOCK_REALTIME in nanoseconds since 1970.
    public var wall: Int64
    /// The ticks that the reading took: the other two clocks were read within `width / 2` ticks of ``ticks``.
    public var width: UInt64

    public init(ticks: UInt64, monotonic: UInt64, wall: Int64, width: UInt64) {
        self.ticks = ticks
        self.monotonic = monotonic
        self.wall = wall
        self.width = width
    }

    /// The present instant: the tightest of several readings, so that an interrupt inside one does not count.
    ///
    /// Takes about 0.1 us per attempt where the system reads its clocks without a call into the kernel. Any thread.
    public static func take(attempts: Int = 64) -> ClockPair {
        var best = reading()
        for _ in 1..<max(attempts, 1) {
            let next = reading()
            if next.width < best.width { best = next }
        }
        return best
    }

    /// On a counter that went backward in between the width wraps around, and such a reading is not the tightest.
    private static func reading() -> ClockPair {
        let before = orderedTicks()
        let monotonic = cplatform_monotonic_nanoseconds()
        let wall = cplatform_wall_nanoseconds()
        let width = orderedTicks() &- before
        return ClockPair(ticks: before &+ width / 2, monotonic: monotonic, wall: wall, width: width)
    }

    /// The counter as ``TraceClock/now()`` reads it may be read early: then the pair would be wider than its width says.
    private static func orderedTicks() -> UInt64 {
        TraceClock.isCycleCounter ? cplatform_ordered_cycle_counter() : cplatform_monotonic_nanoseconds()
    }
}
