public import CPlatform

/// The clock of all events: the processor's cycle counter where it runs at one rate on all cores, else the system's
/// monotonic clock.
///
/// Which of the two it is stands in a word that is written while the program is loaded, so ``now()`` needs neither a call
/// that comes first nor a look whether there was one.
///
/// A value of this type is a clock that has been started: its first pair, and its rate. One thread owns it.
public struct TraceClock: Sendable {
    public let start: ClockPair
    /// As known so far: ``refine()`` makes it better.
    public private(set) var rate: ClockRate
    /// Times in records are in units of 2^timeShift ticks.
    public var timeShift: UInt8 { UInt8(Stamp.unitShift) }

    /// The present instant in ticks. Comparable between threads; not ordered against earlier loads and stores.
    ///
    /// The bare counter behind one predictable branch. Any thread.
    @inlinable @inline(__always)
    public static func now() -> UInt64 { cplatform_clock_now() }

    /// True where ``now()`` is the cycle counter; else it is in nanoseconds.
    public static var isCycleCounter: Bool { cplatform_clock_uses_cycle_counter() }

    /// From now on ``now()`` is the system's monotonic clock: for machines whose counter lies.
    ///
    /// Once, before the first reading and the second thread: ticks from before do not compare with those after.
    public static func useSystemClock() { cplatform_clock_use_system() }

    /// A clock that starts now.
    ///
    /// Where the architecture does not tell the rate it is measured here, which keeps the thread busy for
    /// `calibration` nanoseconds. Two milliseconds give some 50 ppm.
    public init(calibration: UInt64 = 2_000_000) {
        start = ClockPair.take()
        rate = ClockRate.architected ?? Self.measuredRate(since: start, for: calibration)
    }

    /// Takes a pair, and the rate from the first pair to this one where that is better known than the present one.
    ///
    /// Times that were converted before and after do not compare: a recorder states one rate per file.
    @discardableResult
    public mutating func refine() -> ClockPair {
        let pair = ClockPair.take()
        if let found = ClockRate(from: start, to: pair), found.partsPerBillion < rate.partsPerBillion { rate = found }
        return pair
    }

    /// From ticks to nanoseconds since ``start``, by the present ``rate``.
    public var conversion: ClockConversion { ClockConversion(start: start, rate: rate) }

    /// A machine that is put to sleep, or a counter that stands still, gives no rate: then it is measured again.
    private static func measuredRate(since first: ClockPair, for nanoseconds: UInt64) -> ClockRate {
        var first = first
        while true {
            while cplatform_monotonic_nanoseconds() &- first.monotonic < max(nanoseconds, 1000) { cplatform_pause() }
            let second = ClockPair.take()
            if let rate = ClockRate(from: first, to: second) { return rate }
            first = second
        }
    }
}
