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

        /// A page of a thread that has ended is the first to be overwritten: then the window holds all of the other thread, and
        /// nothing of this one.
        @Test func windowWithoutAnEndedThreadDoesNotSayThatItReachesBackToIt() async throws {
            try await TraceStore.sized(64 << 10) {
                let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(100), maximumBytes: 64 << 10))
                try recorder.start()
                defer { recorder.stop() }
                let before = Stamp.now.units
                onThreads(1) { _ in Emitted.step.emit(7, 7) }
                var snapshot = try ReadSnapshot(recorder)
                #expect(try #require(snapshot.description).bound == .start)
                var step: UInt64 = 0
                while snapshot.events.contains(where: { $0.words[1] == 7 && $0.words[0] == 7 }) {
                    for _ in 0..<100 { Emitted.step.emit(1, 1) }
                    step += 100
                    snapshot = try ReadSnapshot(recorder)
                }
                #expect(snapshot.events.count == step, "all of the other thread is there")
                let description = try #require(snapshot.description)
                #expect(description.from >= before)
                #expect(description.bound == .store)
            }
        }
    }
}
