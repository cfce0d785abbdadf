import ConsoleSupport
import Foundation
import Harness

/// Where a run stands: a line redrawn in place on a terminal, a plain line now and then elsewhere.
final class ProgressLine {
    private var last = 0.0

    func show(_ progress: Session.Progress) {
        let now = ProcessInfo.processInfo.systemUptime
        // Drawing wakes the terminal, which shares the machine.
        guard now - last >= (Console.errorIsTerminal ? 0.2 : 5) else { return }
        defer { last = now }
        let stage = progress.round == 0 ? "warm-up" : "round \(progress.round)/\(progress.rounds)"
        let remaining = progress.remainingSeconds.map { Figure.duration($0) + " left" } ?? ""
        if Console.errorIsTerminal {
            let cells = 24
            let filled = Int((progress.fraction * Double(cells)).rounded())
            let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: cells - filled)
            let name = progress.contender.prefix(44)
            Console.write("\r\u{1B}[K\(bar) \(stage) · \(remaining) · \(name)")
        } else if last > 0 {
            Console.note("\(stage), \(Int(progress.fraction * 100)) %, \(remaining)", from: "bench")
        }
    }

    func clear() {
        if Console.errorIsTerminal { Console.write("\r\u{1B}[K") }
    }
}
