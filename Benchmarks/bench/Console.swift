import Foundation

/// The two streams: results go to standard output, all else to standard error.
enum Console {
    static func error(_ text: String) { write(text + "\n") }

    static func note(_ text: String) { write("bench: " + text + "\n") }

    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// Columns of the terminal; 110 where there is none.
    static let width: Int = {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 110 }
        return Int(size.ws_col)
    }()
}

/// Colours, or none.
struct Style {
    let isOn: Bool

    /// Colours only on a terminal, and not where the user has had enough of them (no-color.org).
    init(noColor: Bool) {
        let variable = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
        isOn = !noColor && variable.isEmpty && isatty(STDOUT_FILENO) == 1
    }

    func paint(_ text: String, _ ink: Ink) -> String {
        isOn && !text.isEmpty && ink != .plain ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }

    func bold(_ text: String) -> String { paint(text, .bold) }
    func dim(_ text: String) -> String { paint(text, .dim) }
    func red(_ text: String) -> String { paint(text, .red) }
    func green(_ text: String) -> String { paint(text, .green) }
    func yellow(_ text: String) -> String { paint(text, .yellow) }
}

/// How a text stands out: the terminal's codes.
enum Ink: String {
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
