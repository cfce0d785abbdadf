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

// What the program holds without a trace.
let before = residentBytes()
let arena = try Arena(ArenaGeometry(byteCount: mebibytes << 20))
try Trace.start(arena)
let end = Date(timeIntervalSinceNow: seconds)
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
var peak = 0
while group.wait(timeout: .now() + 0.1) == .timedOut {
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
