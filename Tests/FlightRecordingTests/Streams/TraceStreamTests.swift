import MemoryAccess
import Synchronization
import Testing
import TraceCore

@testable import FlightRecording

extension TraceOfTheProcess {
    @Suite(.serialized) struct StreamsOfTheProcess {
        private func numbers(_ generations: [TraceGeneration]) throws -> [UInt64] {
            var all: [UInt64] = []
            let filter = TraceFilter(names: ["numbered"])
            for generation in generations {
                try generation.forEachRecord(matching: filter) { record, _, _ in all.append(record.words.1) }
            }
            return all
        }

        private func drain(_ stream: TraceStream) -> [TraceGeneration] {
            var all: [TraceGeneration] = []
            while let generation = stream.next(timeout: .zero) { all.append(generation) }
            return all
        }

        @Test func whatHappensBetweenStartAndStop() async throws {
            Sent.register()
            try await TraceStore.sized(4 << 20) {
                let outer = TraceStream()
                #expect(outer.next() == nil)
                try outer.start()
                #expect(throws: FlightRecorderError.alreadyStarted) { try outer.start() }
                Sent.numbered.emit(0, 1)
                let inner = TraceStream()
                try inner.start()
                Sent.numbered.emit(0, 2)
                inner.stop()
                Sent.numbered.emit(0, 3)
                outer.stop()
                outer.stop()
                Sent.numbered.emit(0, 4)
                #expect(try numbers(drain(outer)) == [1, 2, 3])
                #expect(try numbers(drain(inner)) == [2])
                #expect(outer.next() == nil && inner.next(timeout: .seconds(1)) == nil)
                #expect(TraceStore.usage == nil)

                try inner.start()
                Sent.numbered.emit(0, 5)
                inner.stop()
                #expect(try numbers(drain(inner)) == [5])
            }
        }

        /// Their memory stays as long as they do.
        @Test func generationsOutliveTheStore() async throws {
            try await TraceStore.sized(1 << 20) {
                let stream = TraceStream()
                try stream.start()
                Sent.numbered.emit(0, 7)
                stream.stop()
                let again = TraceStream()
                try again.start()
                for number in 0..<100_000 as Range<UInt64> { Sent.numbered.emit(1, number) }
                again.stop()
                #expect(try numbers(drain(stream)) == [7])
            }
        }

        @Test func asynchronousLoopsEnd() async throws {
            try await TraceStore.sized(4 << 20) {
                let stream = TraceStream(configuration: .init(queueDepth: 1000))
                try stream.start()
                let task = Task {
                    var receipt = Receipt(keepsNumbers: true)
                    for await generation in stream.generations() { try receipt.take(generation) }
                    return receipt
                }
                // On one thread: a task may go on on another, and lanes are in no order to each other.
                onThreads(1) { _ in
                    for number in 0..<5000 as Range<UInt64> {
                        Sent.numbered.emit(9, number)
                        if number % 500 == 0 { try? TraceStore.endGeneration() }
                    }
                }
                stream.stop()
                let numbers = try await task.value.numbersSeen[9]
                let isComplete = numbers == Array(0..<5000)
                #expect(isComplete)
            }
        }

        @Test func cancelledTasksEnd() async throws {
            try await TraceStore.sized(4 << 20) {
                let stream = TraceStream()
                try stream.start()
                for _ in 0..<50 {
                    let task = Task { await stream.generations().first { _ in true } == nil }
                    await Task.yield()
                    task.cancel()
                    #expect(await task.value)
                }
                Sent.numbered.emit(0, 1)
                stream.stop()
                #expect(try numbers(drain(stream)) == [1])
            }
        }

        /// The store's period is an hour: nothing else ends a generation.
        @Test func generationsEndWithWhatIsWritten() async throws {
            try await TraceStore.sized(4 << 20) {
                let stream = TraceStream()
                try stream.start()
                var receipt = Receipt(keepsNumbers: true)
                var number: UInt64 = 0
                while receipt.generations < 20 {
                    // Less than a quarter of the store.
                    for _ in 0..<20_000 {
                        Sent.numbered.emit(3, number)
                        number += 1
                    }
                    try receipt.take(#require(stream.next(timeout: .seconds(20))))
                }
                stream.stop()
                for generation in drain(stream) { try receipt.take(generation) }
                #expect(receipt.lostByWriters == 0)
                let statistics = stream.statistics
                #expect(statistics.takenEvents == receipt.delivered)
                #expect(receipt.accounted == number)
            }
        }

        @Test func aLatencyEndsGenerations() async throws {
            try await TraceStore.sized(1 << 20) {
                let stream = TraceStream(configuration: .init(maximumLatency: .milliseconds(2)))
                try stream.start()
                for _ in 0..<10 { #expect(stream.next(timeout: .seconds(20)) != nil) }
                stream.stop()
            }
        }

        /// Threads that come and go, two subscribers of whom one is slow, and recorders' calls in between.
        @Test func everyEventIsDeliveredOrCounted() async throws {
            try await TraceStore.sized(2 << 20, period: .milliseconds(3)) {
                let quick = TraceStream(configuration: .init(queueDepth: 64))
                let slow = TraceStream(configuration: .init(queueDepth: 2))
                try quick.start()
                try slow.start()
                let arena = try #require(Trace.arena)
                let before = arena.lanes
                let reader = SystemThread {
                    var receipt = Receipt()
                    receipt.begin(before)
                    while let generation = quick.next() { try! receipt.take(generation) }
                    try! receipt.add(quick.statistics.lostSince)
                    let events = Receipt.events(arena.lanes) - Receipt.events(before)
                    #expect(receipt.accounted == events)
                }
                var kept: TraceGeneration?
                for round in 0..<30 as Range<UInt64> {
                    let threads = (0..<3).map { thread in
                        SystemThread {
                            for number in 0..<3000 as Range<UInt64> {
                                Sent.numbered.emit(round * 3 + UInt64(thread), number)
                            }
                        }
                    }
                    for thread in threads { thread.join() }
                    if round == 10 { kept = slow.next() }
                }
                quick.stop()
                slow.stop()
                reader.join()
                var receipt = Receipt()
                receipt.begin(before)
                if let kept { try receipt.take(kept) }
                while let generation = slow.next() { try receipt.take(generation) }
                try receipt.add(slow.statistics.lostSince)
                #expect(receipt.accounted == Receipt.events(arena.lanes) - Receipt.events(before))
                #expect(receipt.lostBySubscriber == slow.statistics.lostEvents)
                #expect(arena.lanes.reduce(0) { $0 + $1.lost } == 0)
                kept = nil
                for page in 0..<arena.geometry.pageCount {
                    #expect(PageState(NativeMemory.loadRelaxed(arena.view.state(of: page))).pins == 0)
                }
            }
        }

        @Test func configurationsThatMeanNothing() {
            var configuration = TraceStream.Configuration(queueDepth: 0)
            #expect(throws: FlightRecorderError.self) { try TraceStream(configuration: configuration).start() }
            configuration = .init(maximumLatency: .microseconds(1))
            #expect(throws: FlightRecorderError.self) { try TraceStream(configuration: configuration).start() }
            #expect(TraceStore.usage == nil)
        }

        @Test func droppedStreamsLeave() async throws {
            try await TraceStore.sized(1 << 20) {
                var stream: TraceStream? = TraceStream()
                try stream?.start()
                #expect(TraceStore.usage != nil)
                stream = nil
                #expect(TraceStore.usage == nil)
            }
        }
    }

    @Suite(.serialized) struct ForkedChildren {
        @Test func whatACrashLeavesHasItsNameFromTheNextStartOn() async throws {
            let directory = try TemporaryDirectory()
            try await TraceStore.sized(1 << 20) {
                let code = inChild {
                    let writer = TraceFileWriter(configuration: .init(directory: directory.path))
                    do { try writer.start() } catch { return 1 }
                    for number in 0..<100 as Range<UInt64> { Sent.numbered.emit(0, number) }
                    do { try TraceStore.endGeneration() } catch { return 2 }
                    while writer.statistics.events < 100 { yieldProcessor() }
                    // Nothing stops it when the process ends here.
                    _ = Unmanaged.passRetained(writer)
                    return 7
                }
                try #require(code == 7)
                let left = directory.names
                #expect(left.count == 1 && left[0].hasSuffix(".partial"))
                let writer = TraceFileWriter(configuration: .init(directory: directory.path))
                try writer.start()
                writer.stop()
                #expect(writer.statistics.leftoverFiles == 1)
                let name = try #require(directory.names.first)
                #expect(TraceFileName.isOne(name, prefix: "trace") && directory.names.count == 1)
                let bytes = try directory.read(name)
                var reader = try NativeFileReader(bytes.span.bytes)
                var events: UInt64 = 0
                #expect(throws: NativeFileError.self, "it breaks off") {
                    while let chunk = try reader.next(in: bytes.span.bytes) {
                        if case .batch(let batch) = chunk { events += batch.header.eventCount }
                    }
                }
                #expect(events == 100)
            }
        }

        @Test func theParentsFileWriterSaysThatItIsNotThere() async throws {
            let directory = try TemporaryDirectory()
            try await TraceStore.sized(1 << 20) {
                let writer = TraceFileWriter(configuration: .init(directory: directory.path))
                try writer.start()
                let code = inChild {
                    do { try writer.start() } catch FlightRecorderError.forked { return 7 } catch { return 8 }
                    return 9
                }
                #expect(code == 7)
                #expect(throws: FlightRecorderError.alreadyStarted) { try writer.start() }
                Sent.numbered.emit(0, 1)
                writer.stop()
                #expect(writer.statistics.events == 1)
            }
        }

        @Test func theParentsStreamsAreNotThere() async throws {
            try await TraceStore.sized(1 << 20) {
                let stream = TraceStream()
                try stream.start()
                Sent.numbered.emit(0, 1)
                let code = inChild {
                    if stream.next(timeout: .seconds(5)) != nil || stream.isStarted { return 2 }
                    stream.stop()
                    if (try? stream.start()) != nil { return 3 }
                    let own = TraceStream()
                    do { try own.start() } catch { return 4 }
                    Sent.numbered.emit(0, 2)
                    own.stop()
                    var found: [UInt64] = []
                    while let generation = own.next() {
                        do { try generation.forEachRecord { record, _, _ in found.append(record.words.1) } } catch {
                            return 5
                        }
                    }
                    return found == [2] ? 7 : 6
                }
                #expect(code == 7)
                stream.stop()
                var found: [UInt64] = []
                while let generation = stream.next() {
                    try generation.forEachRecord { record, _, _ in found.append(record.words.1) }
                }
                #expect(found == [1])
            }
        }
    }
}

extension Receipt {
    static func events(_ lanes: [Arena.LaneStatus]) -> UInt64 { lanes.reduce(0) { $0 + $1.events } }
}
