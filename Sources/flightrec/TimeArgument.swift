import ArgumentParser
import Foundation
import TraceFormats

/// A time on the command line: absolute, or counted from the begin of a file's window.
enum TimeArgument: ExpressibleByArgument, Equatable {
    /// Nanoseconds since 1970.
    case absolute(Int64)
    /// Nanoseconds since midnight of the day on which the window begins, in UTC.
    case timeOfDay(Int64)
    /// Nanoseconds from the window's begin.
    case relative(Int64)

    static let help =
        "ISO 8601 in UTC, such as 2026-11-25T12:01:30.5Z, or 12:01:30.5 of the same day, or from the window's begin: +1.5s, 200ms."

    init?(argument: String) {
        if let time = WallTime(argument) {
            self = .absolute(time.nanoseconds)
        } else if let time = WallTime("1970-01-01T" + argument) {
            self = .timeOfDay(time.nanoseconds)
        } else {
            guard let nanoseconds = Self.duration(argument.hasPrefix("+") ? argument.dropFirst() : argument[...]) else {
                return nil
            }
            self = .relative(nanoseconds)
        }
    }

    /// Since 1970, in a file whose window begins at `start`.
    func nanoseconds(from start: Int64) -> Int64 {
        switch self {
        case .absolute(let time): return time
        case .timeOfDay(let time):
            let day: Int64 = 86_400_000_000_000
            let past = (start % day + day) % day
            return start - past + time
        case .relative(let distance): return start.addingReportingOverflow(distance).overflow ? .max : start + distance
        }
    }

    /// A number and a unit: ns, us, µs, ms, s, min, h.
    private static func duration(_ text: Substring) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let number = Double(digits) else { return nil }
        let factor: Double? =
            switch text.dropFirst(digits.count) {
            case "ns": 1
            case "us", "µs", "μs": 1e3
            case "ms": 1e6
            case "s": 1e9
            case "min": 60e9
            case "h": 3600e9
            default: nil
            }
        guard let factor, number * factor < 9e18 else { return nil }
        return Int64((number * factor).rounded())
    }
}
