import ConsoleSupport
import Harness

/// The last lines of a run: who won, what failed, where the result is.
struct Ending {
    let outcome: Session.Outcome
    let report: Report
    let style: Style
    let seconds: Double
    let seed: UInt64
    let input: String?
    let disturbance: (others: Double, stolen: Double)?
    let lacks: [String]
    var resultPath: String?

    var text: String {
        let parts = [Verdicts(report: report, style: style).lines, failures, [summary], notes]
        return parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var failures: [String] {
        guard !outcome.failures.isEmpty else { return [] }
        return [style.red("Failed: no number is given for these")]
            + outcome.failures.map { failure in
                "  \(style.red(failure.contender)): \(failure.what) (seed \(failure.seed))\n"
                    + "    again: swift run bench \(failure.suite) --filter '^\(failure.pattern)$' --seed \(failure.seed)"
                    + (input.map { " --input '\($0)'" } ?? "")
            }
    }

    private var summary: String {
        let good = outcome.contenders - outcome.failures.count
        let verified = "verified \(good) of \(outcome.contenders)"
        var parts = [outcome.failures.isEmpty ? style.green(verified) : style.red(verified)]
        parts.append("\(outcome.rounds) rounds in \(Figure.duration(seconds))")
        if outcome.discarded > 0 {
            parts.append("\(outcome.discarded) samples discarded (the regime changed while they ran)")
        }
        parts.append("seed \(seed)")
        return parts.joined(separator: " · ")
    }

    private var notes: [String] {
        var lines: [String] = []
        // Two percent of two processors is a core that is away for 40 ms of each second.
        if let disturbance, max(disturbance.others, disturbance.stolen) > 0.02 {
            let (others, stolen) = (Figure.number(disturbance.others * 100), Figure.number(disturbance.stolen * 100))
            lines.append(
                style.yellow("the machine was busy: other processes had \(others) % of it, other guests \(stolen) %"))
        }
        if report.rows.allSatisfy({ $0.allocationsPerOperation == nil }) {
            lines.append(style.dim("allocations not counted: that takes jemalloc (apt-get install libjemalloc2)"))
        }
        lines += lacks.map(style.dim)
        if let resultPath { lines.append("result: \(resultPath)") }
        return lines
    }
}

extension Session.Failure {
    /// The suite to name on the command line; none for a floor, which is always run.
    fileprivate var suite: String { contender.split(separator: "/").first.map(String.init) ?? "" }

    /// A regular expression that matches this contender only.
    fileprivate var pattern: String {
        contender.map { ".+*?()[]{}|^$\\".contains($0) ? "\\\($0)" : String($0) }.joined()
    }
}
