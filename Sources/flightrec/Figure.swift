import Foundation

/// Numbers as people read them.
enum Figure {
    /// 1,234,567
    static func count(_ value: some BinaryInteger) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// 1 batch, 2 batches
    static func count(_ value: some BinaryInteger, _ one: String, _ many: String) -> String {
        "\(count(value)) \(value == 1 ? one : many)"
    }

    /// Nanoseconds, three significant digits: 12.3 µs.
    static func duration(_ nanoseconds: some BinaryInteger) -> String {
        let value = Double(nanoseconds)
        let (factor, unit): (Double, String) =
            switch abs(value) {
            case 1e9...: (1e9, "s")
            case 1e6...: (1e6, "ms")
            case 1e3...: (1e3, "µs")
            default: (1, "ns")
            }
        return "\(significant(value / factor)) \(unit)"
    }

    /// Three significant digits, all digits of whole thousands.
    static func significant(_ value: Double) -> String {
        let size = abs(value)
        if value == value.rounded(), size < 1e15 { return count(Int(value)) }
        return size >= 99.95
            ? count(Int(value.rounded())) : String(format: size >= 9.995 ? "%.1f" : "%.2f", value)
    }

    static func bytes(_ value: UInt64) -> String {
        let size = Double(value)
        let (factor, unit): (Double, String) =
            switch size {
            case 0x1p30...: (0x1p30, "GiB")
            case 0x1p20...: (0x1p20, "MiB")
            case 0x1p10...: (0x1p10, "KiB")
            default: (1, "bytes")
            }
        return "\(significant(size / factor)) \(unit)"
    }

    static func ratio(_ value: Double) -> String {
        value.isFinite ? String(format: value < 10 ? "%.2f×" : "%.0f×", value) : "new"
    }

    /// Cut to `width` characters, without control characters: a name may hold anything, and a terminal obeys it.
    static func name(_ text: String, _ width: Int = .max) -> String {
        let shown = text.isEmpty ? "(no name)" : String(text.unicodeScalars.map { isPlain($0) ? Character($0) : "·" })
        return shown.count <= width ? shown : shown.prefix(width - 1) + "…"
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}
