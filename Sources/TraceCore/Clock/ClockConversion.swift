/// From ticks to nanoseconds, for all ticks and in both directions from the first pair.
///
/// Total and monotone: every 64-bit number of ticks has a time, later ticks have none that is earlier, and what does not
/// fit 64 bits is the nearest that does. At most 1 ns above the exact quotient within 100 years of the first pair, and
/// never below it. A value of 56 bytes; one multiplication per conversion; any thread.
public struct ClockConversion: Sendable, Hashable {
    public let start: ClockPair
    public let rate: ClockRate

    /// Nanoseconds per tick, times 2^shift, rounded up: 2^63 or more, so that rounding is below one part in 2^63.
    private let multiplier: UInt64
    private let shift: UInt8

    public init(start: ClockPair, rate: ClockRate) {
        self.start = start
        self.rate = rate
        let ticks = UInt128(rate.ticksPerSecond)
        // For 1 to 10^12 ticks per second this ends at 34 to 73: nothing below overflows 128 bits.
        var shift = 30
        while (1_000_000_000 << shift) / ticks < 1 << 63 { shift += 1 }
        multiplier = UInt64(clamping: ((1_000_000_000 << shift) + ticks - 1) / ticks)
        self.shift = UInt8(shift)
    }

    /// Nanoseconds from the first pair to `ticks`; negative before it.
    public func nanoseconds(ticks: UInt64) -> Int64 {
        ticks >= start.ticks ? scaled(ticks - start.ticks) : -scaled(start.ticks - ticks)
    }

    /// The same, for a time in units of 2^`timeShift` ticks.
    public func nanoseconds(units: UInt64, timeShift: UInt8) -> Int64 {
        nanoseconds(ticks: units > .max >> timeShift ? .max : units << timeShift)
    }

    /// Nanoseconds since 1970, by the wall clock as it stood at the first pair: later steps of it do not count.
    public func wallClock(ticks: UInt64) -> Int64 { sinceEpoch(nanoseconds(ticks: ticks)) }

    /// The same, for a time in units of 2^`timeShift` ticks.
    public func wallClock(units: UInt64, timeShift: UInt8) -> Int64 {
        sinceEpoch(nanoseconds(units: units, timeShift: timeShift))
    }

    private func scaled(_ ticks: UInt64) -> Int64 {
        Int64(clamping: (UInt128(ticks) * UInt128(multiplier)) >> UInt128(shift))
    }

    private func sinceEpoch(_ nanoseconds: Int64) -> Int64 {
        let (sum, overflow) = start.wall.addingReportingOverflow(nanoseconds)
        return overflow ? (nanoseconds < 0 ? .min : .max) : sum
    }
}
