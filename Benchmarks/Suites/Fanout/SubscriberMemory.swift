import BenchLoad
import FlightRecording

/// What a process of its own does for `memory.subscriber`.
public enum SubscriberMemory {
    /// Resident bytes that a subscriber takes whose queue is full, which is all that it ever takes: mean of so many.
    ///
    /// - Throws: what a recorder or a stream throws.
    public static func byteCount(subscribers: Int) throws -> Int {
        let recorder = FlightRecorder(configuration: .init(maximumBytes: 4 << 20))
        try recorder.start()
        defer { recorder.stop() }
        // What the first one brings with it is not the others'.
        let first = TraceStream()
        try first.start()
        let before = ResidentMemory.byteCount
        let streams = (0..<subscribers).map { _ in TraceStream() }
        // Each start ends a generation, which those before it are given.
        for stream in streams { try stream.start() }
        let after = ResidentMemory.byteCount
        for stream in streams { stream.stop() }
        first.stop()
        return max(after - before, 0) / subscribers
    }
}
