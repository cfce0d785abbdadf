import Synchronization
import Testing

@testable import FlightRecording

extension TraceOfTheProcess {
    /// As Go's flight recorder beside its execution tracer: neither takes anything from the other.
    @Suite struct RecorderBesideAStream {
        @Test func recorderAndContinuousTraceBothSeeEachEvent() throws {
            Emitted.step.register()
            let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(100), maximumBytes: 8 << 20))
            try recorder.start()
            defer { recorder.stop() }
            let stream = TraceStream(configuration: .init(queueDepth: 1000))
            try stream.start()
            var found: [ReadSnapshot] = []
            for round in 0..<5 as Range<UInt64> {
                onThreads(2) { thread in
                    for step in 0..<1000 as Range<UInt64> { Emitted.step.emit(UInt64(thread), 1000 * round + step) }
                }
                found.append(try ReadSnapshot(recorder))
            }
            stream.stop()
            var streamed = 0
            while let generation = stream.next(timeout: .zero) {
                #expect(generation.lostBefore == nil)
                try generation.forEachRecord { record, _, _ in
                    streamed += record.schema == Emitted.step.state.id ? 1 : 0
                }
            }
            #expect(streamed == 10_000)
            #expect(found.map(\.events.count) == [2000, 4000, 6000, 8000, 10_000])
            found.last?.expectConserved()
        }

        /// The store is the bound: nothing that recorders, streams and snapshots do makes more pages.
        @Test func storeStaysAsLargeAsItWasMadeAtFullRate() throws {
            Emitted.step.register()
            let bytes = 1 << 20
            let recorders = (0..<3).map { _ in
                FlightRecorder(configuration: .init(minimumAge: .seconds(1), maximumBytes: bytes))
            }
            for recorder in recorders { try recorder.start() }
            defer { for recorder in recorders { recorder.stop() } }
            let streams = (0..<3).map { _ in TraceStream() }
            for stream in streams { try stream.start() }
            defer { for stream in streams { stream.stop() } }
            let failures = Atomic<Int>(0)
            let writers = (0..<2).map { thread in
                SystemThread { for step in 0..<200_000 as Range<UInt64> { Emitted.step.emit(UInt64(thread), step) } }
            }
            for round in 0..<20 {
                var sink = MemorySink()
                let report = try recorders[round % 3].snapshot(to: &sink)
                let records = try ReadSnapshot(sink.bytes).batches.reduce(0) { $0 + Int($1.byteCount) + 64 }
                if records > bytes || report.batches > bytes / (16 << 10) { failures.add(1, ordering: .relaxed) }
            }
            for writer in writers { writer.join() }
            #expect(failures.load(ordering: .relaxed) == 0)
            #expect(TraceStore.usage?.byteCount == bytes)
        }
    }
}
