import Foundation
import Synchronization
import Testing

@testable import FlightRecording

extension TraceOfTheProcess {
    /// Files that are whole or not there, and calls that come together.
    @Suite struct SnapshotFiles {
        private let directory = FileManager.default.temporaryDirectory
            .appending(component: "snapshots-\(UInt64.random(in: 0 ... .max))").path

        init() throws { try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true) }

        private func recording<Result>(_ body: (FlightRecorder) throws -> Result) throws -> Result {
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(100), maximumBytes: 1 << 20))
            try recorder.start()
            defer { recorder.stop() }
            return try body(recorder)
        }

        private func read(_ path: String) throws -> ReadSnapshot {
            try ReadSnapshot([UInt8](try Data(contentsOf: URL(filePath: path))))
        }

        @Test func fileHoldsWhatTheReportSays() throws {
            try recording { recorder in
                for step in 0..<100 as Range<UInt64> { Emitted.other.emit(step) }
                let path = directory + "/a.frec"
                let report = try recorder.snapshot(to: path)
                let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64
                #expect(size == report.byteCount)
                #expect(try read(path).words("other") == Array(0..<100))
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["a.frec"])
            }
        }

        @Test func descriptorStaysOpenAndHoldsTheSnapshot() throws {
            try recording { recorder in
                Emitted.other.emit(4)
                let path = directory + "/b.frec"
                #expect(FileManager.default.createFile(atPath: path, contents: nil))
                let handle = try #require(FileHandle(forWritingAtPath: path))
                try recorder.snapshot(toDescriptor: handle.fileDescriptor)
                try handle.close()
                #expect(try read(path).words("other") == [4])
            }
        }

        @Test func failedSnapshotLeavesTheOldFileAndNoOther() throws {
            try recording { recorder in
                let path = directory + "/missing/c.frec"
                let error = #expect(throws: FileError.self) { try recorder.snapshot(to: path) }
                #expect(error?.reason == .failed(call: "open", code: ENOENT))
                let old = directory + "/old.frec"
                try recorder.snapshot(to: old)
                let before = try Data(contentsOf: URL(filePath: old))
                var sink = FailingSink()
                #expect(throws: FailingSink.Full.self) { try recorder.snapshot(to: &sink) }
                #expect(try Data(contentsOf: URL(filePath: old)) == before)
                #expect(recorder.isRecording)
                #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["old.frec"])
            }
        }

        @Test func concurrentSnapshotsAreAllServed() throws {
            try recording { recorder in
                for step in 0..<1000 as Range<UInt64> { Emitted.other.emit(step) }
                let failures = Atomic<Int>(0)
                onThreads(8) { thread in
                    for round in 0..<10 {
                        let found = try? ReadSnapshot(recorder).words("other")
                        if found != Array(0..<1000) { failures.add(1, ordering: .relaxed) }
                        let path = "\(directory)/\(thread % 2).frec"
                        let report = try? recorder.snapshot(to: path, synchronized: false)
                        if report?.events != 1000 { failures.add(1, ordering: .relaxed) }
                        if (try? read(path).words("other")) != Array(0..<1000) { failures.add(1, ordering: .relaxed) }
                        _ = round
                    }
                }
                #expect(failures.load(ordering: .relaxed) == 0)
            }
        }

        private struct FailingSink: ByteSink {
            struct Full: Error {}
            var room = 100
            mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
                room -= bytes.count
                if room < 0 { throw Full() }
            }
        }
    }
}

/// A turn for one path at a time, shared by those who wait.
@Suite struct PathQueueTests {
    private func report(_ number: UInt64) -> SnapshotReport {
        SnapshotReport(
            generation: number, from: 0, to: 0, bound: .start, lanes: [], openSpans: [], batches: 0, byteCount: 0,
            cost: 0)
    }

    @Test func callersThatWaitShareTheNextRunAndNoneGetsAnEarlierOne() throws {
        let queue = PathQueue()
        let runs = Atomic<UInt64>(0)
        let isRunning = Atomic<Bool>(false)
        let mayEnd = Atomic<Bool>(false)
        let first = SystemThread { [report] in
            _ = try? queue.run("a") {
                isRunning.store(true, ordering: .releasing)
                while !mayEnd.load(ordering: .acquiring) {}
                return report(runs.add(1, ordering: .relaxed).newValue)
            }
        }
        while !isRunning.load(ordering: .acquiring) {}
        let later = Lock<[UInt64]>([])
        let waiters = (0..<4).map { _ in
            SystemThread { [report] in
                let found = try? queue.run("a") { report(runs.add(1, ordering: .relaxed).newValue) }
                later.withLock { $0.append(found?.generation ?? 0) }
            }
        }
        // Another path does not wait.
        #expect(try queue.run("b") { report(100) }.generation == 100)
        while queue.waiterCount("a") < 4 {}
        mayEnd.store(true, ordering: .releasing)
        first.join()
        for waiter in waiters { waiter.join() }
        #expect(later.withLock { $0 } == [2, 2, 2, 2])
        #expect(try queue.run("a") { report(runs.add(1, ordering: .relaxed).newValue) }.generation == 3)
    }

    @Test func anErrorIsSharedAndTheNextCallRunsAgain() throws {
        struct Broken: Error {}
        let queue = PathQueue()
        #expect(throws: Broken.self) { try queue.run("a") { throw Broken() } }
        #expect(try queue.run("a") { report(5) }.generation == 5)
    }
}
