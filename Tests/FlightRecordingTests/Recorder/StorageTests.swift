import FlightRecording
import Foundation
import Testing

extension TraceOfTheProcess {
    /// A window that is kept in a file.
    @Suite struct RecordersInFiles {
        private let directory: TemporaryDirectory
        private var path: String { directory.path + "/ring" }

        init() throws { directory = try TemporaryDirectory() }

        private func recorder(_ storage: TraceStorage?) -> FlightRecorder {
            FlightRecorder(configuration: .init(maximumBytes: 1 << 20, storage: storage))
        }

        private var names: [String] {
            get throws { try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() }
        }

        @Test func theFileIsThereWhileItRecordsAndHoldsTheWindow() throws {
            let recorder = recorder(.file(path))
            try recorder.start()
            #expect(try names == ["ring"])
            for sequence in 0..<100 as Range<UInt64> { Emitted.step.emit(0, sequence) }
            var sink = MemorySink()
            try recorder.snapshot(to: &sink)
            let trace = try ArenaImage(path: path).recover()
            #expect(trace.events == 100 && trace.problems == [])
            #expect(trace.schemas.contains { $0.name == "step" })
            recorder.stop()
            #expect(try names == [])
        }

        @Test func theFileStaysIfItIsToAndIsRefusedOrMovedThen() throws {
            let first = recorder(.file(path, keepsFile: true))
            try first.start()
            Emitted.step.emit(0, 1)
            first.stop()
            let trace = try ArenaImage(path: path).recover()
            #expect(trace.isEnded && trace.events == 1)
            #expect(throws: FlightRecorderError.arena(.fileExists(path: path))) { try recorder(.file(path)).start() }
            #expect(TraceStore.usage == nil)
            let second = recorder(.file(path, leftover: .moved(to: path + ".old")))
            try second.start()
            #expect(try names == ["ring", "ring.old"])
            second.stop()
            #expect(try names == ["ring.old"])
        }

        @Test func allRecordersShareOneStorage() throws {
            let first = recorder(.file(path))
            try first.start()
            #expect(throws: FlightRecorderError.storageDiffers(wanted: .memory, used: .file(path))) {
                try recorder(.memory).start()
            }
            let second = recorder(nil)
            try second.start()
            first.stop()
            #expect(try names == ["ring"])
            second.stop()
            #expect(try names == [])
        }
    }
}
