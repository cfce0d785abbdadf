import Foundation
import Harness

/// Numbers as people read them: three significant digits or so, one unit for all that is compared.
enum Figure {
    /// Three to four significant digits, never an exponent where a plain number will do.
    static func number(_ value: Double) -> String {
        let size = abs(value)
        let decimals =
            switch size {
            case 0: 0
            case 100...: 0
            case 10..<100: 1
            case 1..<10: 2
            case 0.01..<1: 3
            default: 6
            }
        // A whole number stays one: a count of bytes has no decimals.
        if value == value.rounded(), size < 1e15 { return grouped(String(format: "%.0f", value)) }
        return grouped(String(format: "%.\(decimals)f", value))
    }

    /// 1,234,567
    private static func grouped(_ text: String) -> String {
        guard let whole = text.split(separator: ".").first, whole.count > 4 else { return text }
        var digits = String(whole.reversed().enumerated().flatMap { $0 > 0 && $0 % 3 == 0 ? [",", $1] : [$1] })
        digits = String(digits.reversed())
        return digits + text.dropFirst(whole.count)
    }

    static func ratio(_ value: Double) -> String { String(format: value < 10 ? "%.2f×" : "%.0f×", value) }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        return whole < 60 ? "\(whole) s" : String(format: "%d:%02d min", whole / 60, whole % 60)
    }
}

/// The one unit in which a group of figures is printed.
struct Scale {
    let factor: Double
    let unit: String

    init(_ unit: ResultUnit, like median: Double) {
        let steps: [(Double, String)] =
            switch unit {
            case .itemsPerSecond: [(1e6, "M items/s"), (1e3, "k items/s"), (1, "items/s")]
            case .nanoseconds: [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns")]
            case .nanosecondsPerOperation: [(1e6, "ms/op"), (1e4, "µs/op"), (1, "ns/op")]
            case .bytes: [(0x1p30, "GiB"), (0x1p20, "MiB"), (0x1p10, "KiB"), (1, "bytes")]
            case .gigabytesPerSecond, .bytesPerEvent, .ratio, .count: [(1, unit.rawValue)]
            }
        let step = steps.first { median >= $0.0 } ?? (1, steps.last?.1 ?? unit.rawValue)
        // "10 ms/op" from 10,000,000 on, but "12,000 ns/op" reads better than "0.012 ms/op".
        factor = step.1 == "µs/op" ? 1e3 : step.0
        self.unit = step.1
    }

    func number(_ value: Double) -> String { Figure.number(value / factor) }

    /// The interval from p10 to p90. So few samples that it says little are named.
    func interval(_ spread: Spread) -> String {
        if spread.count < 3 { return spread.count == 1 ? "1 sample" : "\(spread.count) samples" }
        return spread.p10 == spread.p90 ? "always" : "\(number(spread.p10)) – \(number(spread.p90))"
    }

    func text(_ value: Double) -> String { "\(number(value)) \(unit)" }
}

extension Row {
    /// The median with its unit.
    var figure: String { Scale(unit, like: spread.median).text(spread.median) }
}

extension Regime {
    var explained: String {
        switch self {
        case .near: "S, near"
        case .usual: "N, usual"
        case .far: "F, far"
        }
    }
}
