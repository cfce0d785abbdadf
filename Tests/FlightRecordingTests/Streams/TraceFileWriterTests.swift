import Foundation
import Synchronization
import Testing
import TraceCore

@testable import FlightRecording

/// What a reader finds in a file of a writer.
private struct Contents {
    var numbers: [UInt64: [UInt64]] = [:]
    var schemas: Set<UInt16> = []
    var generations: [UInt64] = []
    var events: UInt64 = 0
    var gaps: UInt64 = 0
    var threads: Set<UInt32> = []
    var writingThreads: Set<UInt32> = []
    var isWhole = false
    var isTruncated = false

    init(_ bytes: [UInt8]) throws {
        let span = bytes.span.bytes
        var reader = try NativeFileReader(span)
        while true {
            let chunk: NativeChunk?
            do { chunk = try reader.next(in: span) } catch {
                guard error.reason == .incomplete else { throw error }
                return
            }
            guard let chunk else { break }
            try add(chunk, ShapeTable(reader.schemas.values), span)
        }
        isWhole = true
    }

    private mutating func add(_ chunk: NativeChunk, _ shapes: ShapeTable, _ span: RawSpan) throws {
        switch chunk {
        case .batch(let native):
            writingThreads.insert(native.header.thread)
            var cursor = RecordCursor(Batch(native.header, recordsAt: native.offset))
            var count: UInt64 = 0
            while let record = try cursor.next(in: span, shapes) {
                count += 1
                schemas.insert(record.schema)
                if record.schema == Sent.numbered.state.id {
                    numbers[record.words.0, default: []].append(record.words.1)
                }
            }
            #expect(count == native.header.eventCount)
        case .endOfGeneration(let end):
            generations.append(end.generation)
            events += end.lanes.reduce(0) { $0 + $1.events }
            gaps += end.lost
            if end.lanes.contains(where: \.isTruncated) { isTruncated = true }
        case .threads(let threads): self.threads.formUnion(threads.map(\.thread))
        default: break
        }
    }
}

extension TraceOfTheProcess {
    @Suite(.serialized) struct FilesThatDoNotHoldTheTrace {
        private func configuration(_ directory: TemporaryDirectory) -> TraceFileWriter.Configuration {
            Sent.register()
            var configuration = TraceFileWriter.Configuration(directory: directory.path)
            configuration.stream.queueDepth = 64
            return configuration
        }

        private func finished(_ directory: TemporaryDirectory) throws -> [Contents] {
            try directory.names.map { name in
                #expect(name.hasPrefix("trace-2") && name.hasSuffix("Z.frec"))
                let contents = try Contents(directory.read(name))
                #expect(contents.isWhole)
                #expect(contents.threads == contents.writingThreads)
                return contents
            }
        }

        /// Ends a generation, and waits until so many events are in files.
        private func settle(_ writer: TraceFileWriter, events: UInt64) throws {
            try TraceStore.endGeneration()
            while writer.statistics.events < events { yieldProcessor() }
        }

        @Test func oneFileHoldsAll() async throws {
            let directory = try TemporaryDirectory()
            try await TraceStore.sized(4 << 20) {
                let writer = TraceFileWriter(configuration: configuration(directory))
                try writer.start()
                #expect(throws: FlightRecorderError.alreadyStarted) { try writer.start() }
                for round in 0..<10 as Range<UInt64> {
                    let thread = SystemThread {
                        for number in 0..<2000 as Range<UInt64> { Sent.numbered.emit(round, number) }
                        Sent.wide.emit(round, "text", -1, 0.5)
                    }
                    thread.join()
                    try settle(writer, events: 2001 * (round + 1))
                }
                writer.stop()
                writer.stop()
                let statistics = writer.statistics
                #expect(statistics.finishedFiles == 1 && statistics.failedFiles == 0 && statistics.currentPath == nil)
                #expect(statistics.events == 20_010)
                let files = try finished(directory)
                #expect(files.count == 1)
                for round in 0..<10 as Range<UInt64> { #expect(files[0].numbers[round] == Array(0..<2000)) }
                #expect(files[0].events == 20_010 && files[0].gaps == 0 && !files[0].isTruncated)
            }
        }

        @Test func filesRotateBySize() async throws {
            let directory = try TemporaryDirectory()
            try await TraceStore.sized(4 << 20) {
                var configuration = configuration(directory)
                configuration.maximumFileBytes = 20_000
                configuration.maximumFiles = 1000
                let writer = TraceFileWriter(configuration: configuration)
                try writer.start()
                var number: UInt64 = 0
                while writer.statistics.finishedFiles < 5 {
                    for _ in 0..<1000 {
                        Sent.numbered.emit(0, number)
                        number += 1
                    }
                    try settle(writer, events: number)
                }
                writer.stop()
                let files = try finished(directory)
                #expect(files.count >= 5)
                #expect(files.count == writer.statistics.finishedFiles)
                let isComplete = files.flatMap { $0.numbers[0] ?? [] } == Array(0..<number)
                #expect(isComplete)
                let generations = files.flatMap(\.generations)
                // Those between two files had no events.
                #expect(generations == Set(generations).sorted())
            }
        }

        @Test func oldFilesAreDeleted() async throws {
            let directory = try TemporaryDirectory()
            let older = directory.path + "/trace-20010101T000000.000000Z.frec"
            let foreign = directory.path + "/trace-notes.frec"
            for path in [older, foreign] { #expect(FileManager.default.createFile(atPath: path, contents: Data([1]))) }
            try await TraceStore.sized(1 << 20) {
                var configuration = configuration(directory)
                configuration.maximumFileAge = .zero
                configuration.maximumFiles = 3
                let writer = TraceFileWriter(configuration: configuration)
                try writer.start()
                var number: UInt64 = 0
                while writer.statistics.finishedFiles < 10 {
                    Sent.numbered.emit(0, number)
                    number += 1
                    try settle(writer, events: number)
                }
                writer.stop()
                #expect(FileManager.default.fileExists(atPath: foreign))
                #expect(!FileManager.default.fileExists(atPath: older))
                try FileManager.default.removeItem(atPath: foreign)
                let files = try finished(directory)
                #expect(files.count == 3)
                #expect(writer.statistics.deletedFiles == writer.statistics.finishedFiles - 2)
                #expect(files.last?.numbers[0]?.last == number - 1 || files.last?.numbers[0] == nil)
            }
        }

        @Test func bytesOfAllFilesAreLimited() async throws {
            let directory = try TemporaryDirectory()
            try await TraceStore.sized(1 << 20) {
                var configuration = configuration(directory)
                configuration.maximumFileAge = .zero
                configuration.maximumFiles = 1000
                configuration.maximumTotalBytes = 20_000
                let writer = TraceFileWriter(configuration: configuration)
                try writer.start()
                var count: UInt64 = 0
                while writer.statistics.finishedFiles < 30 {
                    for number in 0..<50 as Range<UInt64> { Sent.numbered.emit(0, number) }
                    count += 50
                    try settle(writer, events: count)
                }
                writer.stop()
                let sizes = try directory.names.map { try directory.read($0).count }
                #expect(sizes.count == 1 || sizes.reduce(0, +) <= 20_000)
                #expect(writer.statistics.deletedFiles == writer.statistics.finishedFiles - sizes.count)
            }
        }

        @Test func whatIsBeingWrittenIsReadable() async throws {
            let directory = try TemporaryDirectory()
            try await TraceStore.sized(1 << 20) {
                let writer = TraceFileWriter(configuration: configuration(directory))
                try writer.start()
                for number in 0..<1000 as Range<UInt64> { Sent.numbered.emit(0, number) }
                try settle(writer, events: 1000)
                let path = try #require(writer.statistics.currentPath)
                let name = try #require(path.split(separator: "/").last)
                let contents = try Contents(directory.read(String(name)))
                #expect(contents.numbers[0] == Array(0..<1000))
                #expect(!contents.isWhole)
                writer.stop()
                #expect(try finished(directory)[0].numbers[0] == Array(0..<1000))
            }
        }

        /// Its own is locked, and so nobody takes it for one that was left.
        @Test func aSecondWriterLeavesTheFirstOnesFileAlone() async throws {
            let directory = try TemporaryDirectory()
            try await TraceStore.sized(1 << 20) {
                let writers = (0..<2).map { _ in TraceFileWriter(configuration: configuration(directory)) }
                for writer in writers {
                    try writer.start()
                    Sent.numbered.emit(0, 1)
                    try settle(writer, events: 1)
                }
                for writer in writers { writer.stop() }
                #expect(writers.map(\.statistics.leftoverFiles) == [0, 0])
                #expect(writers.map(\.statistics.finishedFiles) == [1, 1])
                #expect(try finished(directory).allSatisfy(\.isWhole))
            }
        }

        @Test func whatIsNotALeftoverStays() throws {
            let directory = try TemporaryDirectory()
            let files = TraceFileDirectory(path: directory.path, prefix: "trace", maximumFiles: 8, maximumBytes: .max)
            let name = TraceFileName("trace", wall: 1).text
            let temporary = TraceFileName.temporary(name)
            let others = [TraceFileName.temporary(TraceFileName("other", wall: 1).text), ".trace-1.partial"]
            for other in others { try directory.write([1], to: other) }
            try directory.write([], to: temporary)
            #expect(files.keepLeftovers() == 0)
            #expect(directory.names == others.sorted(), "an empty one holds nothing")

            try FileManager.default.createSymbolicLink(
                atPath: directory.file(temporary), withDestinationPath: directory.file(others[0]))
            #expect(files.keepLeftovers() == 0)
            try FileManager.default.removeItem(atPath: directory.file(temporary))

            try directory.write([2], to: temporary)
            try directory.write([3], to: name)
            #expect(files.keepLeftovers() == 0, "somebody has the name")
            #expect(try directory.read(name) == [3] && directory.read(temporary) == [2])
            try FileManager.default.removeItem(atPath: directory.file(name))
            #expect(files.keepLeftovers() == 1)
            #expect(try directory.read(name) == [2])
            #expect(directory.names == (others + [name]).sorted())
        }

        @Test func onlyWhatPasses() async throws {
            let directory = try TemporaryDirectory()
            try await TraceStore.sized(4 << 20) {
                var configuration = configuration(directory)
                configuration.filter = TraceFilter(categories: ["sent"])
                let writer = TraceFileWriter(configuration: configuration)
                try writer.start()
                for number in 0..<5000 as Range<UInt64> {
                    Sent.numbered.emit(0, number)
                    Sent.other.emit(number)
                    if number % 7 == 0 { Sent.text.emit("text") }
                }
                writer.stop()
                let file = try #require(try finished(directory).first)
                #expect(file.numbers[0] == Array(0..<5000))
                #expect(file.schemas == [Sent.numbered.state.id, Sent.text.state.id])
                #expect(file.events == 5715 && file.gaps == 0 && file.isTruncated)
                #expect(writer.statistics.events == 5715)
            }
        }

        /// The stream is not read until the queue has overflown: what it lost stands in the file.
        @Test func lossesStandAsGaps() async throws {
            let stage = try HubStage()
            let queue = stage.queue(depth: 1)
            let sender = try stage.writer()
            let other = try stage.writer()
            for number in 0..<30 as Range<UInt64> {
                (number < 10 ? sender.send(0, number) : other.send(1, number))
                if number % 10 == 9 { try stage.close() }
            }
            let directory = try TemporaryDirectory()
            var file = try TraceFile(PartialFile(path: directory.file("f")), TraceClock(), begin: .take())
            let generation = try #require(queue.next(nanoseconds: 0))
            #expect(try file.write(generation, Trace.schemas, nil) == 10)
            _ = try file.finish(synchronized: false)
            let contents = try Contents(directory.read("f"))
            #expect(contents.numbers == [1: Array(20..<30)])
            #expect(contents.events == 10 && contents.gaps == 20)
            _ = consume sender
            _ = consume other
        }

        @Test func aDirectoryThatIsNotThere() async throws {
            try await TraceStore.sized(1 << 20) {
                let writer = TraceFileWriter(configuration: .init(directory: "/nonexistent"))
                try writer.start()
                Sent.numbered.emit(0, 1)
                try TraceStore.endGeneration()
                while writer.statistics.failedFiles == 0 { yieldProcessor() }
                writer.stop()
                #expect(writer.statistics.lastFailure?.contains("/nonexistent") == true)
            }
        }
    }
}
