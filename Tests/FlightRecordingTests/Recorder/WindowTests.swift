import Foundation
import MemoryAccess
import Synchronization
import Testing

@testable import FlightRecording

extension TraceOfTheProcess {
    /// What a window holds, what it leaves out, and whether it says so.
    @Suite struct Windows {
        private func recording<Result>(
            age: Duration = .seconds(100), bytes: Int = 1 << 20, _ body: (FlightRecorder) throws -> Result
        ) throws -> Result {
            Emitted.step.register()
            let recorder = FlightRecorder(configuration: .init(minimumAge: age, maximumBytes: bytes))
            try recorder.start()
            defer { recorder.stop() }
            return try body(recorder)
        }

        /// Emits `count` events of one thread on a thread of its own.
        private func emit(_ thread: UInt64, _ count: UInt64) {
            onThreads(1) { _ in for step in 0..<count { Emitted.step.emit(thread, step) } }
        }

        @Test func eventsOfAThreadThatIsStillWritingItsPageAreInside() throws {
            try recording { recorder in
                let emitted = Atomic<Bool>(false)
                let read = Atomic<Bool>(false)
                let thread = SystemThread {
                    for step in 0..<3 as Range<UInt64> { Emitted.step.emit(1, step) }
                    emitted.store(true, ordering: .releasing)
                    while !read.load(ordering: .acquiring) {}
                }
                while !emitted.load(ordering: .acquiring) {}
                let snapshot = try ReadSnapshot(recorder)
                read.store(true, ordering: .releasing)
                thread.join()
                #expect(snapshot.events.filter { $0.name == "step" }.map(\.words[1]) == [0, 1, 2])
                snapshot.expectConserved()
            }
        }

        @Test func windowBeginsInTheMiddleOfAPage() throws {
            try recording { long in
                for step in 0..<100 as Range<UInt64> { Emitted.step.emit(1, step) }
                let short = FlightRecorder(configuration: .init(minimumAge: .seconds(100), maximumBytes: 1 << 20))
                try short.start()
                defer { short.stop() }
                let before = Stamp.now.units
                for step in 100..<200 as Range<UInt64> { Emitted.step.emit(1, step) }
                var sink = MemorySink()
                let report = try short.snapshot(to: &sink)
                let snapshot = try ReadSnapshot(sink.bytes)
                #expect(snapshot.events.filter { $0.name == "step" }.map(\.words[1]) == Array(100..<200))
                #expect(snapshot.batches.allSatisfy { $0.baseTime <= Stamp.now.units })
                #expect((try #require(snapshot.description)).from <= before)
                #expect(report.events == 100 && report.lost == 0)
                snapshot.expectConserved()
                #expect(try ReadSnapshot(long).events.filter { $0.name == "step" }.count == 200)
            }
        }

        @Test func tinyAgeHoldsTheLastCompleteGeneration() throws {
            try recording(age: .zero) { recorder in
                var found = 0
                for step in 0..<5 as Range<UInt64> {
                    emit(step, 1000)
                    // Whole or, where a generation ended by itself right before, not there.
                    var sink = MemorySink()
                    let report = try recorder.snapshot(to: &sink)
                    let snapshot = try ReadSnapshot(sink.bytes)
                    #expect(snapshot.ends.count == 1)
                    found += snapshot.words("step").contains(step) ? 1 : 0
                    #expect(!snapshot.words("step").contains { $0 + 1 < step })
                    #expect(step == 0 || report.bound == .minimumAge)
                    snapshot.expectConserved()
                }
                #expect(found > 0)
            }
        }

        @Test func tinySizeHoldsTheLastCompleteGeneration() throws {
            try recording { store in
                let tiny = FlightRecorder(configuration: .init(minimumAge: .seconds(100), maximumBytes: 1))
                try tiny.start()
                defer { tiny.stop() }
                emit(1, 20_000)
                _ = try ReadSnapshot(tiny)
                emit(2, 20_000)
                let snapshot = try ReadSnapshot(tiny)
                #expect(snapshot.words("step").filter { $0 == 2 }.count == 20_000)
                #expect(snapshot.words("step").allSatisfy { $0 == 2 })
                snapshot.expectConserved()
            }
        }

        @Test func sizeKeepsTheNewestPages() throws {
            try recording { store in
                let limit = 1 << 18
                let half = FlightRecorder(configuration: .init(minimumAge: .seconds(100), maximumBytes: limit))
                try half.start()
                defer { half.stop() }
                for _ in 0..<4 { emit(1, 20_000) }
                _ = try ReadSnapshot(half)
                emit(2, 100)
                var sink = MemorySink()
                let report = try half.snapshot(to: &sink)
                let snapshot = try ReadSnapshot(sink.bytes)
                #expect(report.bound == .maximumBytes)
                #expect(snapshot.batches.count <= limit / (16 << 10))
                #expect(snapshot.batches.count >= limit / (16 << 10) - 1)
                #expect(snapshot.words("step").filter { $0 == 2 }.count == 100)
                #expect(report.from > report.to - 1_000_000_000 * 100)
                snapshot.expectConserved()
            }
        }

        @Test func overwrittenStoreSaysFromWhenOnNothingIsMissing() throws {
            try recording(bytes: 1 << 18) { recorder in
                for thread in 0..<8 as Range<UInt64> { emit(thread, 20_000) }
                var sink = MemorySink()
                let report = try recorder.snapshot(to: &sink)
                #expect(report.bound == .store)
                #expect(report.lost == 0)
                #expect(report.from <= report.to)
                let snapshot = try ReadSnapshot(sink.bytes)
                snapshot.expectConserved()
                // The last thread's events are all there, or the store was too small for them.
                #expect(snapshot.events.last?.words[0] == 7)
            }
        }

        @Test func accountNamesEachEventOfTheRecording() throws {
            try recording(bytes: 4 << 20) { recorder in
                onThreads(4) { thread in
                    for step in 0..<5000 as Range<UInt64> { Emitted.step.emit(UInt64(thread), step) }
                }
                var sink = MemorySink()
                let report = try recorder.snapshot(to: &sink)
                #expect(report.bound == .start)
                #expect(report.events == 20_000)
                #expect(report.lost == 0)
                #expect(report.byteCount == UInt64(sink.bytes.count))
                #expect(report.covered > .zero)
                let snapshot = try ReadSnapshot(sink.bytes)
                for thread in 0..<4 as Range<UInt64> {
                    let steps = snapshot.events.filter { $0.words[0] == thread }.map(\.words[1])
                    #expect(steps == Array(0..<5000))
                }
            }
        }

        @Test func metadataOutlivesTheWrap() throws {
            try recording(bytes: 1 << 17) { recorder in
                Emitted.other.emit(1)
                for thread in 0..<10 as Range<UInt64> { emit(thread, 20_000) }
                let snapshot = try ReadSnapshot(recorder)
                #expect(snapshot.reader.schemas.values.contains { $0.name == "other" && $0.category == "another" })
                let lanes = Set(snapshot.events.map(\.lane))
                let named = Set(snapshot.threads.map(\.lane))
                #expect(lanes.isSubset(of: named))
                #expect(snapshot.threads.contains { !$0.name.isEmpty })
            }
        }

        @Test func spanThatBeganBeforeTheWindowIsListedWithItsStart() throws {
            try recording(bytes: 1 << 17) { recorder in
                let before = Stamp.now.units
                Emitted.span.begin()
                for step in 0..<20_000 as Range<UInt64> { Emitted.step.emit(0, step) }
                for thread in 0..<10 as Range<UInt64> { emit(thread, 20_000) }
                let snapshot = try ReadSnapshot(recorder)
                Emitted.span.end()
                #expect(!snapshot.events.contains { $0.name == "span" })
                #expect(snapshot.openSpans.count == 1)
                let open = try #require(snapshot.openSpans.first)
                #expect(snapshot.reader.schemas[open.schema]?.name == "span")
                #expect(open.start >= before)
                #expect(open.start < (try #require(snapshot.description)).from)
                #expect(try ReadSnapshot(recorder).openSpans.isEmpty)
            }
        }

        @Test func fileSaysWhatItCoversAndWhatItCost() throws {
            try recording(age: .seconds(7), bytes: 1 << 20) { recorder in
                emit(1, 100)
                _ = try ReadSnapshot(recorder)
                var sink = MemorySink()
                let report = try recorder.snapshot(to: &sink, reason: "because")
                let found = try #require(try ReadSnapshot(sink.bytes).description)
                #expect(found.reason == "because")
                #expect(found.minimumAge == 7_000_000_000)
                #expect(found.maximumBytes == 1 << 20 && found.storeBytes == 1 << 20)
                #expect(found.bound == report.bound)
                #expect(found.from < found.to)
                #expect(found.snapshots == 1 && found.snapshotCost > 0)
                #expect(found.generations > 1 && found.generationCost > 0)
                #expect(found.process == UInt32(getpid()) && !found.processName.isEmpty)
            }
        }

        @Test func visitReadsInPlaceWhatASnapshotWouldCopy() throws {
            try recording { recorder in
                emit(3, 10_000)
                var seen: [UInt64] = []
                let report = try recorder.withSnapshot { snapshot in
                    let shapes = ShapeTable(snapshot.schemas)
                    return try snapshot.visit { batches, bytes in
                        for batch in batches {
                            var cursor = RecordCursor(batch)
                            while let record = try cursor.next(in: bytes, shapes) { seen.append(record.words.1) }
                        }
                    }
                }
                #expect(seen == Array(0..<10_000))
                #expect(report.events == 10_000)
                #expect(report.lanes.map(\.content.events) == [10_000])
            }
        }

        @Test func visitThatThrowsGivesAllPagesBack() throws {
            struct Stop: Error {}
            try recording { recorder in
                emit(1, 20_000)
                #expect(throws: Stop.self) {
                    try recorder.withSnapshot { try $0.visit { _, _ in throw Stop() } }
                }
                let arena = try #require(Trace.arena)
                for page in 0..<arena.geometry.pageCount {
                    #expect(PageState(NativeMemory.loadAcquire(arena.view.state(of: page))).pins == 0)
                }
            }
        }
    }
}
