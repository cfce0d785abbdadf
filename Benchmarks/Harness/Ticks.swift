public import CPlatform
import Foundation

/// The clock of all measurements: the processor's cycle counter where it runs at one rate on all cores, else the
/// monotonic clock of the system.
///
/// Error: the counter is not serialised, so a stamp may be taken up to a few hundred nanoseconds before earlier loads
/// and stores have finished, and it may step by 10 ns. On a sample of 5 ms that is under 0.01 %. The rate is
/// calibrated once against the system's clock over at least 20 ms, to about 10 ppm.
public enum Ticks {
    /// The present instant, comparable between threads.
    @inlinable @inline(__always)
    public static func now() -> UInt64 {
        usesCycleCounter ? cplatform_cycle_counter() : systemNanoseconds()
    }

    /// The length of an interval. Negative ones, which only a clock that went backward can make, count as 0.
    public static func nanoseconds(from start: UInt64, to end: UInt64) -> Double {
        end <= start ? 0 : Double(end - start) * nanosecondsPerTick
    }

    /// True where ``now()`` is the cycle counter.
    public static let usesCycleCounter = cplatform_cycle_counter_is_invariant()

    /// Ticks of ``now()`` in a second.
    public static let perSecond: Double = {
        guard usesCycleCounter else { return 1e9 }
        let architected = cplatform_cycle_counter_frequency()
        return architected > 0 ? Double(architected) : calibrated()
    }()

    static let nanosecondsPerTick = 1e9 / perSecond

    /// What the machine description calls this clock.
    static var name: String {
        guard usesCycleCounter else { return "clock_gettime" }
        #if arch(x86_64)
            return "tsc"
        #else
            return "cntvct"
        #endif
    }

    @usableFromInline
    static func systemNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Two readings of the pair (system clock, counter), 20 ms apart, each the tightest of many, so that an interrupt
    /// between the two halves of a pair does not count.
    private static func calibrated() -> Double {
        func pair() -> (nanoseconds: UInt64, ticks: UInt64) {
            var best = (width: UInt64.max, nanoseconds: UInt64(0), ticks: UInt64(0))
            for _ in 0..<200 {
                let before = cplatform_cycle_counter()
                let nanoseconds = systemNanoseconds()
                let after = cplatform_cycle_counter()
                if after &- before < best.width {
                    best = (after &- before, nanoseconds, before &+ (after &- before) / 2)
                }
            }
            return (best.nanoseconds, best.ticks)
        }
        let first = pair()
        while systemNanoseconds() - first.nanoseconds < 20_000_000 {}
        let second = pair()
        return Double(second.ticks - first.ticks) * 1e9 / Double(second.nanoseconds - first.nanoseconds)
    }
}
