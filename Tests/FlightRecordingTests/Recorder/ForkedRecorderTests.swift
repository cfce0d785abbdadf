import ProcessSupport
import Synchronization
import Testing

@testable import FlightRecording

extension TraceOfTheProcess {
    /// Apart from the others: scripts/sanitize runs forks one after the other.
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

        /// Who ran it in the parent is not in the child.
        @Test func childDoesNotWaitForASnapshotOfItsParents() throws {
            let paths = PathQueue()
            let (isRunning, mayEnd) = (Flag(), Flag())
            struct Nothing: Error {}
            let running = SystemThread {
                _ = try? paths.run("a") {
                    isRunning.set()
                    while !mayEnd.isSet { yieldProcessor() }
                    throw Nothing()
                }
            }
            while !isRunning.isSet { yieldProcessor() }
            let status = inChild {
                do { _ = try paths.run("a") { throw Nothing() } } catch { return error is Nothing ? 0 : 1 }
                return 2
            }
            mayEnd.set()
            running.join()
            #expect(status == 0)
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

    /// scripts/sanitize leaves it out, and says why.
    @Suite struct ForksBesideBusyThreadsOfRecorders {
        /// Another thread ends generations nearly all the time: at the fork, most often, it holds the session's lock.
        @Test func childMayStopARecorderThatItsParentKeptBusy() throws {
            let recorder = FlightRecorder(configuration: .init(maximumBytes: 1 << 20))
            try recorder.start()
            defer { recorder.stop() }
            let session = try TraceStore.join(maximumBytes: 1)
            defer { TraceStore.leave(session) }
            let isDone = Flag()
            let busy = SystemThread { while !isDone.isSet { _ = try? session.closeGeneration() } }
            defer {
                isDone.set()
                busy.join()
            }
            for _ in 0..<5 {
                let status = inChild {
                    recorder.stop()
                    return 0
                }
                #expect(status == 0)
                guard status == 0 else { break }
            }
        }
    }
}
