import ConsoleSupport
import Foundation

/// How far a command is: a line redrawn in place on a terminal, nothing elsewhere, and nothing in the first half second. What was
/// read of the input so far is let go of.
final class ProgressLine {
    private let what: String
    private let start = ProcessInfo.processInfo.systemUptime
    private var last = 0.0

    /// What is being read.
    var input: TraceInput?
    private var calls = 0

    init(_ what: String, of input: TraceInput? = nil) {
        self.what = what
        self.input = input
    }

    func show(_ fraction: Double) {
        calls += 1
        // A call comes about once a mebibyte.
        if calls & 7 == 0 { input?.forgetPages() }
        let now = ProcessInfo.processInfo.systemUptime
        guard Console.errorIsTerminal, now - start > 0.5, now - last >= 0.2 else { return }
        last = now
        let cells = 24
        let filled = Int((fraction * Double(cells)).rounded())
        let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: cells - filled)
        let left = fraction > 0.02 ? " · \(Int(((now - start) * (1 / fraction - 1)).rounded(.up))) s left" : ""
        Console.write("\r\u{1B}[K\(bar) \(what) \(Int(fraction * 100)) %\(left)")
    }

    func clear() {
        if last > 0 { Console.write("\r\u{1B}[K") }
        last = 0
    }
}
