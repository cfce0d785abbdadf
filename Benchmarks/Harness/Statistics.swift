import Foundation
import Histogram

/// What the samples of one row came to. All four through an HDR histogram.
public struct Spread: Hashable, Sendable {
    public var median: Double
    public var p10: Double
    public var p90: Double
    /// How many samples.
    public var count: Int

    public init(median: Double, p10: Double, p90: Double, count: Int) {
        self.median = median
        self.p10 = p10
        self.p90 = p90
        self.count = count
    }

    /// Nil without samples, or where one is negative or not finite: such a figure has no meaning in any unit here.
    ///
    /// The histogram holds integers to four significant digits, so values are scaled by a power of ten that puts the
    /// smallest positive one at 10^5 or above: then the digits it keeps are digits of the value in any unit. Equal
    /// samples are returned as they are: a count of bytes stays exact.
    public init?(_ values: [Double]) {
        guard values.allSatisfy({ $0.isFinite && $0 >= 0 }), let least = values.min(), let most = values.max() else {
            return nil
        }
        if least == most {
            let value = least == least.rounded() ? least : least.rounded(significantDigits: 6)
            self.init(median: value, p10: value, p90: value, count: values.count)
            return
        }
        let positive = values.filter { $0 > 0 }.min() ?? 1
        // Samples more than 13 orders of magnitude apart lose the small ones' digits, not the large ones' range.
        let magnitude = min(5 - Int(log10(positive).rounded(.down)), 18 - Int(log10(most).rounded(.up)))
        let scale = pow(10, Double(magnitude))
        var histogram = Histogram<UInt32>(numberOfSignificantValueDigits: .four)
        for value in values { histogram.record(UInt64((value * scale).rounded())) }
        func percentile(_ percent: Double) -> Double {
            (Double(histogram.valueAtPercentile(percent)) / scale).rounded(significantDigits: 4)
        }
        self.init(median: percentile(50), p10: percentile(10), p90: percentile(90), count: values.count)
    }
}

/// How one row compares with another.
public enum Verdict: String, Sendable {
    case faster, slower, tie

    /// The one rule of this package: **a difference inside the spread is a tie**.
    ///
    /// The spread of a row is the interval from its 10th to its 90th percentile. Where the two intervals touch or
    /// overlap, some samples of the slower one were as fast as some of the faster one, and the order of the medians
    /// may turn round in the next run. Where they are disjoint, the medians decide. Fewer than three samples have no
    /// spread to speak of: they tie with everything.
    public init(of row: Spread, against other: Spread, better: Better) {
        if min(row.count, other.count) < 3 {
            self = .tie
        } else if row.p10 <= other.p90 && other.p10 <= row.p90 {
            self = .tie
        } else if (row.median < other.median) == (better == .lower) {
            self = .faster
        } else {
            self = .slower
        }
    }
}

extension Double {
    /// The nearest value with so many significant digits.
    func rounded(significantDigits digits: Int) -> Double {
        guard self != 0, isFinite else { return self }
        let magnitude = digits - 1 - Int(log10(abs(self)).rounded(.down))
        // Dividing by a positive power is exact to the last digit; multiplying by a negative one is not.
        if magnitude >= 0 {
            let scale = pow(10, Double(magnitude))
            return (self * scale).rounded() / scale
        }
        let scale = pow(10, Double(-magnitude))
        return (self / scale).rounded() * scale
    }
}
