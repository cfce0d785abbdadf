internal import CPlatform

/// How fast the trace clock runs against the system's monotonic clock, and how well that is known.
public struct ClockRate: Sendable, Hashable {
    /// From 1 to ``maximumTicksPerSecond``.
    public let ticksPerSecond: UInt64
    /// The true rate lies within so many billionths of ``ticksPerSecond``, either way.
    public let partsPerBillion: UInt32

    /// The error in millionths.
    public var partsPerMillion: Double { Double(partsPerBillion) / 1000 }

    public static var maximumTicksPerSecond: UInt64 { 1_000_000_000_000 }

    /// Nil where the rate is not between 1 and ``maximumTicksPerSecond``.
    public init?(ticksPerSecond: UInt64, partsPerBillion: UInt32) {
        guard 1...Self.maximumTicksPerSecond ~= ticksPerSecond else { return nil }
        self.ticksPerSecond = ticksPerSecond
        self.partsPerBillion = partsPerBillion
    }

    /// The rate between two pairs. The farther apart they are, the better it is known: two pairs of 100 ns give 100 ppm
    /// after 1 ms, and 0.1 ppm after a second.
    ///
    /// Nil where one of the clocks did not advance, or the rate is none that a clock has.
    public init?(from first: ClockPair, to second: ClockPair) {
        guard second.ticks > first.ticks, second.monotonic > first.monotonic else { return nil }
        let ticks = second.ticks - first.ticks
        let nanoseconds = second.monotonic - first.monotonic
        let rate = (UInt128(ticks) * 1_000_000_000 + UInt128(nanoseconds / 2)) / UInt128(nanoseconds)
        // Both middles may be off by half a width, both readings of the system's clock by the nanosecond it is rounded
        // to, and the rate itself by half a tick per second.
        let halfWidths = (Double(first.width) + Double(second.width)) / 2
        let error = halfWidths / Double(ticks) + 2 / Double(nanoseconds) + 0.5 / Double(max(rate, 1))
        self.init(
            ticksPerSecond: UInt64(clamping: rate),
            partsPerBillion: UInt32(min(error * 1e9, Double(UInt32.max)).rounded(.up)))
    }

    /// What is known of this machine's trace clock without measuring, or nil.
    static var architected: ClockRate? {
        guard TraceClock.isCycleCounter else { return ClockRate(ticksPerSecond: 1_000_000_000, partsPerBillion: 0) }
        // An oscillator is some 50 ppm off, and the system may steer its own clock by as much.
        return ClockRate(ticksPerSecond: cplatform_cycle_counter_frequency(), partsPerBillion: 100_000)
    }
}
