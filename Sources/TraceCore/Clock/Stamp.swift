/// An instant, in ticks of the trace's clock. Taken once, it can stand for several events: the end of a span and the begin
/// of the next cost one reading of the clock.
@frozen
public struct Stamp: Sendable, Hashable {
    public let ticks: UInt64

    @inlinable public init(ticks: UInt64) { self.ticks = ticks }

    /// The present.
    @inlinable @inline(__always)
    public static var now: Stamp { Stamp(ticks: TraceClock.now()) }

    /// log2 of the ticks in a unit of a record's time. A cycle counter of gigahertz has bits to spare: its units are of some
    /// 6 ns. The counter of 64-bit ARM may step by 40 ns. Fixed by the architecture, so that it costs nothing to know.
    @inlinable
    public static var unitShift: UInt64 {
        #if arch(x86_64)
            4
        #else
            0
        #endif
    }

    @inlinable public var units: UInt64 { ticks &>> Self.unitShift }
}
