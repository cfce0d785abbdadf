package import Histogram

/// The lengths that a timed loop writes down, in ticks: small, so that it does not drive the pages out of the caches. Whoever
/// makes it frees it; one thread records at a time.
@frozen
package struct Lengths: @unchecked Sendable {
    @inlinable static var binCount: Int { 1 << 14 }
    @inlinable static var longCapacity: Int { 1 << 16 }
    @usableFromInline let bins = UnsafeMutablePointer<UInt32>.allocate(capacity: binCount)
    @usableFromInline let long = UnsafeMutablePointer<UInt64>.allocate(capacity: longCapacity)
    @usableFromInline let longCount = UnsafeMutablePointer<Int>.allocate(capacity: 1)

    package init() {
        bins.initialize(repeating: 0, count: Self.binCount)
        long.initialize(repeating: 0, count: Self.longCapacity)
        longCount.initialize(to: 0)
    }

    package func deallocate() {
        bins.deallocate()
        long.deallocate()
        longCount.deallocate()
    }

    /// - Parameter ticks: a length; of those that are too long for a bin, the last 65536 are kept.
    @inlinable
    @inline(__always)
    package func record(_ ticks: UInt64) {
        if ticks < UInt64(Self.binCount) {
            bins[Int(ticks)] &+= 1
        } else {
            long[longCount.pointee & (Self.longCapacity &- 1)] = ticks
            longCount.pointee &+= 1
        }
    }

    package var histogram: Histogram<UInt32> { [self].histogram }
}

extension [Lengths] {
    /// Of all of them together.
    package var histogram: Histogram<UInt32> {
        var histogram = Histogram<UInt32>(highestTrackableValue: 1 << 40, numberOfSignificantValueDigits: .three)
        for lengths in self {
            for ticks in 0..<Lengths.binCount where lengths.bins[ticks] > 0 {
                _ = histogram.record(UInt64(ticks), count: lengths.bins[ticks])
            }
            for index in 0..<Swift.min(lengths.longCount.pointee, Lengths.longCapacity) {
                _ = histogram.record(lengths.long[index])
            }
        }
        return histogram
    }
}
