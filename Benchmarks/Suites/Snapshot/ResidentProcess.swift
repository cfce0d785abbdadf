import BenchLoad
import FlightRecording
import Foundation
import Harness

/// What a process of its own does for `rss.over-bound`: three recorders, snapshots of each in turn, eight subscribers of
/// which one is stuck, and two writers flat out.
public enum ResidentProcess {
    static let byteCount = 64 << 20
    static let writers = 2

    /// The most bytes that the process held while it recorded, beyond what it held before, the store's bound, and a page
    /// for each thread. Below 0 where it held less.
    ///
    /// - Throws: where the system does not tell, and what a recorder throws.
    public static func overBound(seconds: Double) throws -> Int {
        let before = ResidentMemory.byteCount
        guard before > 0 else { throw UnusableInput("there is no /proc/self/statm") }
        let recorders = [byteCount, byteCount / 4, byteCount / 64].map {
            FlightRecorder(configuration: .init(minimumAge: .seconds(10), maximumBytes: $0))
        }
        for recorder in recorders { try recorder.start() }
        let streams = (0..<8).map { _ in TraceStream() }
        for stream in streams { try stream.start() }
        let subscribers = streams.enumerated().map { number, stream in
            Worker {
                var kept: [TraceGeneration] = []
                while let generation = stream.next() { if number == 0 { kept.append(generation) } }
            }
        }
        let load = WordLoad(writers: writers)
        var peak = 0
        let end = Date(timeIntervalSinceNow: seconds)
        var turn = 0
        while Date() < end {
            var sink = DiscardingSink()
            try recorders[turn % recorders.count].snapshot(to: &sink)
            turn += 1
            for _ in 0..<5 {
                peak = max(peak, ResidentMemory.byteCount)
                usleep(10_000)
            }
        }
        peak = max(peak, ResidentMemory.byteCount)
        load.stop()
        for stream in streams { stream.stop() }
        for subscriber in subscribers { subscriber.join() }
        for recorder in recorders { recorder.stop() }
        return peak - before - byteCount - writers * TraceStore.Configuration().pageByteCount
    }
}
