import BenchLoad
import FlightRecording
import Foundation
import Harness

/// What a process of its own does for `rss.over-bound`: three recorders, two writers flat out, and snapshots of each
/// recorder in turn.
public enum ResidentProcess {
    static let byteCount = 64 << 20
    static let writers = 2

    /// The most bytes that the process held while it recorded, beyond what it held before, the store's bound, and a page
    /// for each thread. Below 0 where it held less.
    ///
    /// - Throws: where the system does not tell, and what a recorder throws.
    public static func overBound(seconds: Double) throws -> Int {
        let before = try residentByteCount()
        let recorders = [byteCount, byteCount / 4, byteCount / 64].map {
            FlightRecorder(configuration: .init(minimumAge: .seconds(10), maximumBytes: $0))
        }
        for recorder in recorders { try recorder.start() }
        let load = WordLoad(writers: writers)
        var peak = 0
        let end = Date(timeIntervalSinceNow: seconds)
        var turn = 0
        while Date() < end {
            var sink = DiscardingSink()
            try recorders[turn % recorders.count].snapshot(to: &sink)
            turn += 1
            for _ in 0..<5 {
                peak = max(peak, try residentByteCount())
                usleep(10_000)
            }
        }
        peak = max(peak, try residentByteCount())
        load.stop()
        for recorder in recorders { recorder.stop() }
        return peak - before - byteCount - writers * TraceStore.Configuration().pageByteCount
    }

    private static func residentByteCount() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = text.split(separator: " ")
        guard pages.count > 1, let resident = Int(pages[1]) else { throw UnusableInput("/proc/self/statm: \(text)") }
        return resident * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
