/// `trace-20261125T171203.000042Z.frec`: when the file begins, in UTC; perhaps `-` and a reason behind the time. In the order of
/// the names, files are in that of time.
struct TraceFileName {
    let text: String

    private static let suffix = "Z.frec"
    private static let ending = ".frec"
    /// "-20261125T171203.000042".
    private static let stampByteCount = 23

    /// - Parameter wall: nanoseconds since 1970, 0 or more.
    init(_ prefix: String, wall: Int64, reason: String? = nil) {
        let microseconds = max(wall, 0) / 1000
        let (days, rest) = microseconds.quotientAndRemainder(dividingBy: 86_400_000_000)
        let date = CivilDate(daysSinceEpoch: days)
        let seconds = rest / 1_000_000
        let time = Self.digits(seconds / 3600, 2) + Self.digits(seconds / 60 % 60, 2) + Self.digits(seconds % 60, 2)
        let day = Self.digits(date.year, 4) + Self.digits(date.month, 2) + Self.digits(date.day, 2)
        let tail = reason.map { "Z-\($0)\(Self.ending)" } ?? Self.suffix
        text = "\(prefix)-\(day)T\(time).\(Self.digits(rest % 1_000_000, 6))\(tail)"
    }

    /// The least name that comes behind `name`.
    init(after name: String) {
        // One more, as a number: nines become zeros and carry. Not a time any more where that is past 59, but a name.
        var bytes = Array(name.utf8.dropLast(Self.suffix.utf8.count))
        var index = bytes.count - 1
        while bytes[index] == UInt8(ascii: "9") {
            bytes[index] = UInt8(ascii: "0")
            index -= 1
            if bytes[index] == UInt8(ascii: ".") || bytes[index] == UInt8(ascii: "T") { index -= 1 }
        }
        bytes[index] += 1
        text = String(decoding: bytes, as: UTF8.self) + Self.suffix
    }

    /// What a file of this name is called while it is written.
    static func temporary(_ name: String) -> String { ".\(name).partial" }

    /// The name of a file that is called `temporary` while it is written.
    static func finished(_ temporary: String) -> String? {
        guard temporary.hasPrefix("."), temporary.hasSuffix(".partial") else { return nil }
        return String(temporary.dropFirst().dropLast(".partial".count))
    }

    static func isOne(_ name: String, prefix: String) -> Bool {
        guard name.hasPrefix(prefix), name.hasSuffix(ending) else { return false }
        let stamp = Array(name.utf8.dropFirst(prefix.utf8.count).dropLast(ending.utf8.count))
        guard stamp.count > stampByteCount, stamp[stampByteCount] == UInt8(ascii: "Z") else { return false }
        guard stamp.count == stampByteCount + 1 || stamp[stampByteCount + 1] == UInt8(ascii: "-") else { return false }
        return stamp.prefix(stampByteCount).enumerated().allSatisfy { index, byte in
            switch index {
            case 0: byte == UInt8(ascii: "-")
            case 9: byte == UInt8(ascii: "T")
            case 16: byte == UInt8(ascii: ".")
            default: (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
        }
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(count - digits.utf8.count, 0)) + digits
    }
}

/// A day of the Gregorian calendar.
struct CivilDate: Equatable {
    var year: Int64
    var month: Int64
    var day: Int64

    /// - Parameter daysSinceEpoch: since 1970-01-01, 0 or more.
    init(daysSinceEpoch: Int64) {
        // Years from the first of March on: the leap day is the last of its year, and months follow one rule.
        let days = daysSinceEpoch + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }
}
