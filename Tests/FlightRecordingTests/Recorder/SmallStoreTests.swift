import FlightRecording
import Testing

extension TraceOfTheProcess {
    @Suite struct SnapshotsThatCostWriters {
        /// Emits two pages of events whenever it is given batches: what a writer does while a snapshot is written slowly.
        private struct EmittingSink: ByteSink {
            var calls = 0
            mutating func write(_ bytes: UnsafeRawBufferPointer) {}

            mutating func write(gathering runs: UnsafeBufferPointer<UnsafeRawBufferPointer>) {
                calls += 1
                for word in 0..<4000 as Range<UInt64> { Emitted.other.emit(word | 1 << 60) }
            }
        }

        /// A store of four pages: who keeps all of them from being overwritten costs events.
        @Test func allPagesOfASmallStoreAreKeptAtATime() async throws {
            try await TraceStore.sized(64 << 10, pageByteCount: 16 << 10) {
                let recorder = FlightRecorder(configuration: .init(maximumBytes: 64 << 10))
                try recorder.start()
                defer { recorder.stop() }
                for word in 0..<40_000 as Range<UInt64> { Emitted.other.emit(word) }
                var sink = EmittingSink()
                try recorder.snapshot(to: &sink)
                #expect(sink.calls > 0)
                #expect(TraceStore.usage?.lost == 0)
            }
        }
    }
}
