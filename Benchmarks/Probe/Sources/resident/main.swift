import Foundation
import TraceCore

// Emits on two threads at full rate, and tells how much memory the process holds besides the arena.
//
// usage: resident SECONDS [MIB]     prints one line of JSON; exit 1 where more than 2 MiB are held besides

enum Events {
    static let one = Event1<UInt64>("one", category: "probe", "value")
    static let text = Event1<String>("text", category: "probe", "value")
}

/// Resident bytes of the process.
func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let pages = text.split(separator: " ")
    return pages.count > 1 ? (Int(pages[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
}

let seconds = CommandLine.arguments.count > 1 ? Double(CommandLine.arguments[1]) ?? 60 : 60
let mebibytes = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 64 : 64

/// Emits on two threads until `end`; meanwhile calls `look` ten times a second.
func emit(until end: Date, _ look: () throws -> Void) rethrows {
    let group = DispatchGroup()
    for _ in 0..<2 {
        group.enter()
        Thread.detachNewThread {
            while Date() < end {
                for value in 0..<100_000 as Range<UInt64> {
                    Events.one.emit(value)
                    if value % 1000 == 0 { Events.text.emit("a string of some length") }
                }
            }
            group.leave()
        }
    }
    while group.wait(timeout: .now() + 0.1) == .timedOut { try look() }
}

// What the program holds without a trace: the same work on the same number of threads, with nothing recorded. Their code, their
// stacks and their heaps are not the trace's.
var before = 0
emit(until: Date(timeIntervalSinceNow: 0.5)) { before = max(before, residentBytes()) }
let arena = try Arena(ArenaGeometry(byteCount: mebibytes << 20))
try Trace.start(arena)
var peak = 0
try emit(until: Date(timeIntervalSinceNow: seconds)) {
    peak = max(peak, residentBytes())
    try arena.advance()
}
Trace.stop()
let events = arena.lanes.map(\.events).reduce(0, +)
let over = peak - before - arena.geometry.pageByteCount * arena.geometry.pageCount
print(
    "{\"seconds\": \(seconds), \"arenaBytes\": \(mebibytes << 20), \"events\": \(events), "
        + "\"peakResidentBytes\": \(peak), \"residentBytesWithoutTrace\": \(before), \"bytesOverArena\": \(over)}")
exit(over <= 2 << 20 && before > 0 ? 0 : 1)
