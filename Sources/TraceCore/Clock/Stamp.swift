public import CPlatform

/// An instant, in ticks of the trace's clock. Taken once, it can stand for several events: the end of a span and the begin
/// of the next cost one reading of the clock.
@frozen
public struct Stamp: Sendable, Hashable {
    public let ticks: UInt64

    @inlinable public init(ticks: UInt64) { self.ticks = ticks }

    /// The present.
    @inlinable @inline(__always)
    public static var now: Stamp { Stamp(ticks: cplatform_cycle_counter()) }

    /// Ticks in a unit of a record's time, as a power of two. A cycle counter of gigahertz has bits to spare; the one of
    /// 64-bit ARM may step by 40 ns.
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
