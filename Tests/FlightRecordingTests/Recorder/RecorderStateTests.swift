import FlightRecording
import Testing

extension TraceOfTheProcess {
    /// As Go's flight recorder: what state it is in, and what it refuses.
    @Suite struct RecorderStates {
        private func recorder(age: Duration = .seconds(10), bytes: Int = 1 << 20) -> FlightRecorder {
            FlightRecorder(configuration: .init(minimumAge: age, maximumBytes: bytes))
        }

        @Test func secondStartIsRefused() throws {
            let recorder = recorder()
            try recorder.start()
            defer { recorder.stop() }
            #expect(throws: FlightRecorderError.alreadyStarted) { try recorder.start() }
            #expect(recorder.isRecording)
        }

        @Test func snapshotOfARecorderThatIsOffIsRefused() throws {
            let recorder = recorder()
            var sink = MemorySink()
            #expect(throws: FlightRecorderError.notRecording) { try recorder.snapshot(to: &sink) }
            #expect(sink.bytes.isEmpty)
            try recorder.start()
            recorder.stop()
            #expect(throws: FlightRecorderError.notRecording) { try recorder.snapshot(to: &sink) }
            #expect(throws: FlightRecorderError.notRecording) { try recorder.withSnapshot { _ in } }
            #expect(sink.bytes.isEmpty)
        }

        @Test func stopTwiceAndStopBeforeStartDoNothing() throws {
            let recorder = recorder()
            recorder.stop()
            try recorder.start()
            recorder.stop()
            recorder.stop()
            #expect(!recorder.isRecording)
            #expect(TraceStore.usage == nil)
        }

        @Test func fiveCyclesHoldOnlyTheirOwnEvents() throws {
            let recorder = recorder()
            for cycle in 0..<5 as Range<UInt64> {
                try recorder.start()
                for step in 0..<10 as Range<UInt64> { Emitted.other.emit(100 * cycle + step) }
                let snapshot = try ReadSnapshot(recorder)
                #expect(snapshot.words("other") == (0..<10).map { 100 * cycle + $0 })
                recorder.stop()
            }
        }

        @Test func eventsWhileOffAreNotRecorded() throws {
            let recorder = recorder()
            Emitted.other.emit(1)
            try recorder.start()
            Emitted.other.emit(2)
            recorder.stop()
            Emitted.other.emit(3)
            try recorder.start()
            defer { recorder.stop() }
            #expect(try ReadSnapshot(recorder).words("other") == [])
        }

        /// An age that no sum with a clock's time fits.
        @Test func windowOfAllAgesIsNoCrash() throws {
            let recorder = recorder(age: .seconds(Int64.max))
            try recorder.start()
            defer { recorder.stop() }
            Emitted.other.emit(1)
            #expect(try ReadSnapshot(recorder).words("other") == [1])
        }

        @Test func configurationsThatMeanNothingAreRefused() {
            #expect(
                throws: FlightRecorderError.configuration(
                    field: "minimumAge", value: "\(Duration.seconds(-1))", allowed: "0 or more")
            ) { try recorder(age: .seconds(-1)).start() }
            #expect(throws: FlightRecorderError.configuration(field: "maximumBytes", value: "0", allowed: "1 or more"))
            {
                try recorder(bytes: 0).start()
            }
            var configuration = TraceStore.Configuration()
            configuration.maximumBytes = 100
            #expect(
                throws: FlightRecorderError.configuration(
                    field: "maximumBytes", value: "100", allowed: "65536 or more")
            ) { try TraceStore.configure(configuration) }
            #expect(TraceStore.usage == nil)
        }

        @Test func largerRecorderThanTheStoreIsRefusedAndTheOthersGoOn() throws {
            let first = recorder(bytes: 1 << 20)
            try first.start()
            defer { first.stop() }
            let larger = recorder(bytes: 2 << 20)
            #expect(throws: FlightRecorderError.storeTooSmall(wanted: 2 << 20, available: 1 << 20)) {
                try larger.start()
            }
            #expect(throws: FlightRecorderError.storeInUse) { try TraceStore.configure(.init()) }
            Emitted.other.emit(7)
            #expect(try ReadSnapshot(first).words("other") == [7])
        }

        @Test func recordersComeAndGoWithoutDisturbingOthers() throws {
            let long = recorder()
            let short = recorder(bytes: 1 << 18)
            try long.start()
            defer { long.stop() }
            for step in 0..<20 as Range<UInt64> {
                if step % 5 == 0 { try short.start() }
                Emitted.other.emit(step)
                if step % 5 == 3 {
                    #expect(try ReadSnapshot(short).words("other").last == step)
                    short.stop()
                }
            }
            #expect(try ReadSnapshot(long).words("other") == Array(0..<20))
        }

        @Test func aRecordingOfTheProgramItselfIsSharedAndLeftAlone() throws {
            let arena = try Arena(ArenaGeometry(byteCount: 1 << 20))
            try Trace.start(arena)
            defer { Trace.stop() }
            let recorder = recorder(bytes: 1 << 19)
            try recorder.start()
            Emitted.other.emit(5)
            #expect(try ReadSnapshot(recorder).words("other") == [5])
            recorder.stop()
            #expect(Trace.arena === arena)
        }

        @Test func programStopsItsRecordingUnderARecorder() throws {
            let recorder = recorder()
            try recorder.start()
            defer { recorder.stop() }
            Emitted.other.emit(5)
            Trace.stop()
            Emitted.other.emit(6)
            #expect(try ReadSnapshot(recorder).words("other") == [5])
        }
    }
}
