import ConsoleSupport
import Harness

/// What is about to run, and on what.
struct Heading {
    let machine: Machine
    let commit: String?
    let contenders: Int
    let effort: Effort

    func text(_ style: Style) -> String {
        let clock = "\(machine.clock) at \(Figure.number(Double(machine.ticksPerSecond) / 1e6)) MHz"
        let memory = Scale(.bytes, like: Double(machine.memoryBytes)).text(Double(machine.memoryBytes))
        var lines = [
            "\(machine.cpu), \(machine.cores) \(machine.cores == 1 ? "processor" : "processors"), \(memory)",
            "\(machine.kernel) · \(machine.allocator) · \(clock) · swift \(Build.swiftVersion)"
                + (commit.map { " · \($0)" } ?? ""),
            "\(contenders) contenders, floors included, \(effort.rawValue) run",
        ]
        if Build.configuration != "release" { lines.append(style.red("A DEBUG BUILD: these figures say nothing")) }
        if machine.cores < 2 {
            lines.append(style.yellow("one processor: two threads take turns on it, and their rows have no regime"))
        }
        return lines.map { style.dim($0) }.joined(separator: "\n")
    }
}
