import ProcessSupport
import Synchronization
import Testing

@testable import FlightRecording

extension TraceOfTheProcess {
    /// Apart from the others: scripts/sanitize runs forks by themselves.
    @Suite struct ForkedChildrenOfRecorders {
        @Test func forkedChildStartsItsOwn() throws {
            let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(10), maximumBytes: 1 << 20))
            try recorder.start()
            defer { recorder.stop() }
            Emitted.other.emit(1)
            let status = inChild {
                guard !recorder.isRecording, TraceStore.usage == nil else { return 1 }
                do {
                    var sink = MemorySink()
                    do {
                        try recorder.snapshot(to: &sink)
                        return 2
                    } catch FlightRecorderError.forked {
                    }
                    try recorder.start()
                    Emitted.other.emit(2)
                    let found = try ReadSnapshot(recorder).words("other")
                    recorder.stop()
                    return found == [2] ? 0 : 3
                } catch {
                    return 4
                }
            }
            #expect(status == 0)
            #expect(try ReadSnapshot(recorder).words("other") == [1])
        }
        #if os(Linux)
            /// In a child: no thread can be had there any more.
            @Test func recorderThatGetsNoThreadLeavesNothingRecording() {
                let status = inChild {
                    guard process_support_refuse_threads() == 0 else { return 1 }
                    let recorder = FlightRecorder(configuration: .init(maximumBytes: 1 << 20))
                    do { try recorder.start() } catch FlightRecorderError.system(let call, _) {
                        guard call == "pthread_create" else { return 2 }
                        return Trace.arena == nil && !recorder.isRecording && TraceStore.usage == nil ? 0 : 3
                    } catch {
                        return 4
                    }
                    return 5
                }
                #expect(status == 0)
            }
        #endif
    }
}
