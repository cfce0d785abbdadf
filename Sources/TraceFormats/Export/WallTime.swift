/// An instant as text and back: ISO 8601 in UTC with nanoseconds, 30 characters, such as 2026-11-25T17:54:28.123456789Z.
package struct WallTime: Hashable, Sendable {
    /// Since 1970.
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var byteCount: Int { 30 }

    package var text: String {
        String(unsafeUninitializedCapacity: Self.byteCount) { buffer in
            store(to: buffer)
            return Self.byteCount
        }
    }

    /// Every 64-bit number of nanoseconds lies in the years 1677 to 2262.
    func store(to buffer: UnsafeMutableBufferPointer<UInt8>) {
        let second: Int64 = 1_000_000_000
        var seconds = nanoseconds / second
        var fraction = nanoseconds % second
        if fraction < 0 { (seconds, fraction) = (seconds - 1, fraction + second) }
        let days = (seconds >= 0 ? seconds : seconds - 86399) / 86400
        let time = seconds - days * 86400
        let date = Self.date(days)
        var position = 0
        func put(_ number: Int64, _ digits: Int, _ end: Unicode.Scalar) {
            var rest = number
            for place in stride(from: position + digits - 1, through: position, by: -1) {
                buffer[place] = UInt8(48 + rest % 10)
                rest /= 10
            }
            position += digits
            buffer[position] = UInt8(ascii: end)
            position += 1
        }
        put(date.year, 4, "-")
        put(date.month, 2, "-")
        put(date.day, 2, "T")
        put(time / 3600, 2, ":")
        put(time / 60 % 60, 2, ":")
        put(time % 60, 2, ".")
        put(fraction, 9, "Z")
    }

    /// Reads what ``text`` writes, with fewer digits or none behind the seconds, and with a blank in place of the T or
    /// without the Z. Nil for all else, and for years outside of 1678 to 2261.
    package init?(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits else { return nil }
            var value: Int64 = 0
            for byte in rest.prefix(digits) {
                guard 48...57 ~= byte else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            rest = rest.dropFirst(digits)
            return value
        }
        func skip(_ allowed: String) -> Bool {
            guard let byte = rest.first, allowed.utf8.contains(byte) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4), 1678...2261 ~= year, skip("-"), let month = number(2), 1...12 ~= month, skip("-"),
            let day = number(2), 1...31 ~= day, skip("T "), let hour = number(2), hour < 24, skip(":"),
            let minute = number(2), minute < 60
        else { return nil }
        var second: Int64 = 0
        var fraction: Int64 = 0
        if skip(":") {
            guard let found = number(2), found < 60 else { return nil }
            second = found
            if skip(".") {
                let digits = rest.prefix { 48...57 ~= $0 }.count
                guard 1...9 ~= digits, let found = number(digits) else { return nil }
                fraction = (digits..<9).reduce(found) { value, _ in value * 10 }
            }
        }
        _ = skip("Zz")
        guard rest.isEmpty else { return nil }
        let seconds = Self.days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
        nanoseconds = seconds * 1_000_000_000 + fraction
    }

    /// The date of a day since 1970, by the calendar of 400 years with March as their first month.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month < 10 ? 0 : 1)
        return (year, month < 10 ? month + 3 : month - 9, day)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let yearOfEra = year % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return year / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
