import Glibc
import TraceCore

/// What was asked for.
struct Options {
    var kills = 500
    var directories: [String] = []
    var json = false
    var seed: UInt64 = 1

    init(_ arguments: ArraySlice<String>) {
        var rest = arguments
        while let option = rest.popFirst() {
            switch option {
            case "--kills": kills = number(rest.popFirst())
            case "--dir":
                guard let directory = rest.popFirst() else { usage() }
                directories.append(directory)
            case "--seed": seed = UInt64(number(rest.popFirst()))
            case "--json": json = true
            default: usage()
            }
        }
        if kills < 1 { usage() }
        if directories.isEmpty { directories = ["/dev/shm", "/var/tmp"].filter { access($0, W_OK) == 0 } }
        if directories.isEmpty { directories = ["."] }
    }
}

func number(_ text: String?) -> Int {
    guard let text, let number = Int(text), number >= 0 else { usage() }
    return number
}

func usage() -> Never {
    let text = "usage: crash [--kills N] [--dir DIR ...] [--seed N] [--json]\n"
    _ = text.withCString { write(2, $0, strlen($0)) }
    exit(2)
}

struct Row {
    var kind: String
    var directory: String
    var verdict: Verdict
    var seconds: Double
}

func seconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

let options = Options(CommandLine.arguments.dropFirst())
let board = Board()
// Once: children go on with it.
let clock = TraceClock()
var rows: [Row] = []

func run(_ kind: String, in directory: String, kills: Int, _ kill: (inout Verdict) -> Void) -> Row {
    let start = seconds()
    var verdict = Verdict()
    for _ in 0..<kills { kill(&verdict) }
    return Row(kind: kind, directory: directory, verdict: verdict, seconds: seconds() - start)
}

for (number, directory) in options.directories.enumerated() {
    let path = "\(directory)/crash-\(getpid()).ring"
    let share = max(options.kills / options.directories.count, 2)
    let seed = options.seed &+ UInt64(number) &* 1_000_003
    let systematic = Systematic(path: path, board: board, clock: clock, seed: seed)
    systematic.spread(share - share / 8)
    rows.append(run("every operation", in: directory, kills: share - share / 8, systematic.kill))
    let threaded = Threaded(path: path, board: board, clock: clock, seed: seed)
    rows.append(run("threads", in: directory, kills: share / 8, threaded.kill))
}
let control = Systematic(
    path: "\(options.directories[0])/crash-\(getpid()).ring", board: board, clock: clock, seed: options.seed,
    isWrong: true)
let controlKills = min(max(options.kills / 20, 200), 2000)
control.spread(controlKills)
rows.append(run("control", in: options.directories[0], kills: controlKills, control.kill))

let correct = rows.dropLast().map(\.verdict).reduce(Verdict(), +)
let wrong = rows.last!.verdict
let isGood = correct.faults == 0 && correct.records > 0 && wrong.torn > 0

if options.json {
    func object(_ row: Row) -> String {
        let verdict = row.verdict
        return """
            {"kind": "\(row.kind)", "directory": "\(row.directory)", "kills": \(verdict.kills), "seconds": \(row.seconds), \
            "records": \(verdict.records), "acknowledged": \(verdict.acknowledged), "lost": \(verdict.lost), \
            "torn": \(verdict.torn), "duplicated": \(verdict.duplicated), "invented": \(verdict.invented), \
            "broken": \(verdict.broken)}
            """
    }
    print("{\"good\": \(isGood), \"seed\": \(options.seed), \"rows\": [\(rows.map(object).joined(separator: ", "))]}")
} else {
    for row in rows {
        let verdict = row.verdict
        print(
            """
            \(row.kind), \(row.directory): \(verdict.kills) kills in \(Int(row.seconds * 1000)) ms, \(verdict.records) records \
            recovered of \(verdict.acknowledged) acknowledged: \(verdict.lost) lost, \(verdict.torn) torn, \
            \(verdict.duplicated) duplicated, \(verdict.invented) invented, \(verdict.broken) broken
            """)
    }
    for example in correct.examples { print("  \(example)") }
    print(wrong.torn > 0 ? "the control, which commits too early, was caught" : "the control was NOT caught")
}
exit(isGood ? 0 : 1)
