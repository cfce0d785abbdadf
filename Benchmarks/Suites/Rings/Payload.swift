import RingStrategies

/// An item whose value tells its place in the sequence, so that loss, repetition and reordering all show.
protocol Payload: BitwiseCopyable, Sendable {
    static func make(_ value: UInt64) -> Self
    func isEqual(to other: Self) -> Bool
}

extension UInt64: Payload {
    @inline(__always) static func make(_ value: UInt64) -> UInt64 { value }
    @inline(__always) func isEqual(to other: UInt64) -> Bool { self == other }
}

extension Line: Payload {
    @inline(__always) static func make(_ value: UInt64) -> Line { Line(value) }
    @inline(__always) func isEqual(to other: Line) -> Bool { self == other }
}

/// The first value of a sample's sequence. Below 2^62, so that no sequence meets the values that in-band rings reserve.
func firstValue(_ seed: UInt64) -> UInt64 { seed >> 2 }
