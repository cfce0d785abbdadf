package import FlightRecording
import Foundation

/// A recorder whose window is full, and writers that emit flat out.
package final class LoadedRecorder {
    package let recorder: FlightRecorder
    package let load: WordLoad
    package let byteCount: Int

    /// - Parameter writers: 0: two have filled the window, and are gone.
    package init(byteCount: Int, writers: Int, timedPhases: Int = 0) throws {
        self.byteCount = byteCount
        recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(3600), maximumBytes: byteCount))
        try TraceStore.configure(TraceStore.Configuration())
        try recorder.start()
        load = WordLoad(writers: writers == 0 ? 2 : writers, timedPhases: timedPhases)
        // Of five bytes and more: once round the arena.
        while (TraceStore.usage?.events ?? 0) < UInt64(byteCount) / 5 { usleep(500) }
        if writers == 0 { load.stop() }
    }

    deinit {
        load.stop()
        recorder.stop()
    }

    /// Events of each lane so far, lost ones included, by number.
    package static var events: [UInt32: UInt64] {
        Dictionary(uniqueKeysWithValues: (Trace.arena?.lanes ?? []).map { (UInt32($0.number), $0.events) })
    }
}
