internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The two streams: results go to standard output, all else to standard error.
package enum Console {
    package static func error(_ text: String) { write(text + "\n") }

    /// - Parameter program: its name, which the line begins with.
    package static func note(_ text: String, from program: String) { write("\(program): \(text)\n") }

    package static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// A result for machines: keys in order, one value.
    package static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(value)
        data.append(UInt8(ascii: "\n"))
        try FileHandle.standardOutput.write(contentsOf: data)
    }

    package static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// Columns of the terminal; 110 where there is none.
    package static let width: Int = {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 110 }
        return Int(size.ws_col)
    }()
}

/// Colours, or none.
package struct Style: Sendable {
    package let isOn: Bool

    /// Colours only on a terminal, and not where the user has had enough of them (no-color.org).
    package init(noColor: Bool) {
        let variable = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
        isOn = !noColor && variable.isEmpty && isatty(STDOUT_FILENO) == 1
    }

    package func paint(_ text: String, _ ink: Ink) -> String {
        isOn && !text.isEmpty && ink != .plain ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }

    package func bold(_ text: String) -> String { paint(text, .bold) }
    package func dim(_ text: String) -> String { paint(text, .dim) }
    package func red(_ text: String) -> String { paint(text, .red) }
    package func green(_ text: String) -> String { paint(text, .green) }
    package func yellow(_ text: String) -> String { paint(text, .yellow) }
}

/// How a text stands out: the terminal's codes.
package enum Ink: String, Sendable {
    case plain = "0"
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    /// What this package ships.
    case library = "1;36"
}
