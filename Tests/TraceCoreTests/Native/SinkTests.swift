import Foundation
import Testing
import TraceCore

/// A sink whose bytes are seen from outside, and which takes the first half of its n-th write and then fails.
private struct BreakingSink: ByteSink {
    final class Log {
        var bytes: [UInt8] = []
        var calls = 0
    }
    struct Broken: Error {}

    let log = Log()
    var breaksAt = Int.max

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        log.calls += 1
        guard log.calls < breaksAt else {
            log.bytes += bytes.prefix(bytes.count / 2)
            throw Broken()
        }
        log.bytes += bytes
    }
}

@Suite struct SinksThatLoseBytes {
    @Test func aSinkThatBreaksAnywhereLeavesWholeChunksAndAnError() throws {
        let model = FileModel.small
        let whole = try model.written()
        var breaksAt = 0
        while true {
            breaksAt += 1
            let sink = BreakingSink(breaksAt: breaksAt)
            guard breaksAt > 1 else {
                #expect(throws: BreakingSink.Broken.self) { _ = try NativeFileWriter(to: sink, header: model.header) }
                continue
            }
            var writer = try NativeFileWriter(to: sink, header: model.header)
            var written = 0
            var isBroken = false
            for part in model.parts {
                do {
                    try FileModel.write(part, to: &writer)
                    #expect(!isBroken, "a write after an error")
                    written += 1
                } catch let error as NativeFileError {
                    #expect(isBroken)
                    #expect(error == NativeFileError(.failedBefore, at: Int(writer.byteCount)))
                } catch {
                    #expect(error is BreakingSink.Broken)
                    isBroken = true
                }
            }
            let byteCount = Int(writer.byteCount)
            let totals = writer.totals
            do {
                _ = try writer.finish()
                #expect(sink.log.bytes == whole)
                return
            } catch {}
            // Everything before the break is there, and is known to be.
            let reading = FileModel.read(sink.log.bytes)
            #expect(sink.log.calls == breaksAt, "a call after an error")
            #expect(reading.parts == Array(model.parts[..<written]))
            #expect(reading.error == NativeFileError(.incomplete, at: byteCount))
            #expect(sink.log.bytes == Array(whole[..<sink.log.bytes.count]))
            let batches = reading.parts.filter { if case .batch = $0 { true } else { false } }
            #expect(totals.batches == batches.count)
        }
    }

    /// Batches that are written together are the file that they are one by one, also in front of a sink that cannot gather,
    /// with lengths that need every padding, and more of them than go into one call.
    @Test func batchesTogetherAreOtherBytesThanOneByOne() throws {
        let lengths = (0..<37).map { $0 * 3 % 29 }
        let bytes = (0..<lengths.reduce(0, +)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var start = 0
        let batches = lengths.enumerated().map { number, length in
            defer { start += length }
            var header = BatchHeader()
            header.lane = UInt32(number)
            header.byteCount = UInt32(length)
            return Batch(header, recordsAt: start)
        }
        func write<Sink: ByteSink>(_ sink: Sink, together: Bool) throws -> (sink: Sink, byteCount: UInt64) {
            var writer = try NativeFileWriter(to: sink, header: FileModel.header)
            if together {
                try writer.write(batches, in: bytes.span.bytes)
            } else {
                for batch in batches {
                    try writer.write(batch.header, records: bytes.span.bytes.extracting(batch.records))
                }
            }
            #expect(writer.totals.batches == UInt64(batches.count))
            try writer.write(NativeGenerationEnd(generation: 1, clockPair: FileModel.header.start))
            let byteCount = writer.byteCount
            return (try writer.finish(), byteCount)
        }
        let whole = try write(MemorySink(), together: false)
        let together = try write(MemorySink(), together: true)
        #expect(together.sink.bytes == whole.sink.bytes)
        #expect(together.byteCount == whole.byteCount)
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file.frec"
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        _ = try write(FileDescriptorSink(descriptor), together: true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(whole.sink.bytes))
    }

    @Test func batchesTogetherLeaveAnErrorBehindWhereTheSinkBreaks() throws {
        let bytes = [UInt8](repeating: 5, count: 8 * 20)
        var header = BatchHeader()
        header.byteCount = 8
        let batches = (0..<20).map { Batch(header, recordsAt: 8 * $0) }
        // The header, and then half way through the first sixteen.
        let sink = BreakingSink(breaksAt: 10)
        var writer = try NativeFileWriter(to: sink, header: FileModel.header)
        #expect(throws: BreakingSink.Broken.self) { try writer.write(batches, in: bytes.span.bytes) }
        #expect(throws: NativeFileError(.failedBefore, at: 64)) { try writer.write(batches, in: bytes.span.bytes) }
        #expect(writer.byteCount == 64)
        #expect(writer.totals.batches == 0)
        #expect(sink.log.calls == 10)
    }

    /// A system that takes one to five bytes at a time and is interrupted every now and then.
    @Test func shortWritesAreContinued() throws {
        var random = SeededGenerator(seed: 3)
        for lengths in [[72, 100, 4], [0, 0, 0], [1, 0, 1], [0, 7, 0], [3, 0, 0], [0, 0, 9]] {
            let parts = lengths.map { length in (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            var sink = FileDescriptorSink(-1)
            var taken: [UInt8] = []
            try parts[0].withUnsafeBytes { first in
                try parts[1].withUnsafeBytes { second in
                    try parts[2].withUnsafeBytes { third in
                        try sink.gather(first, second, third) { vectors, count in
                            guard Int.random(in: 0..<4, using: &random) > 0 else {
                                errno = EINTR
                                return -1
                            }
                            let all = UnsafeBufferPointer(start: vectors, count: Int(count)).flatMap {
                                UnsafeRawBufferPointer(start: $0.iov_base, count: $0.iov_len)
                            }
                            let length = min(Int.random(in: 1...90, using: &random), all.count)
                            taken += all.prefix(length)
                            return length
                        }
                    }
                }
            }
            #expect(taken == Array(parts.joined()))
            #expect(sink.byteCount == UInt64(taken.count))
        }
    }

    @Test func aSystemThatTakesNothingIsAnError() throws {
        var sink = FileDescriptorSink(-1, name: "it")
        let bytes: [UInt8] = [1, 2, 3]
        let expected = FileError(.failed(call: "writev", code: EIO), file: "it", offset: 2)
        #expect(throws: expected) {
            try bytes.withUnsafeBytes { bytes in
                let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
                var results = [2, 0]
                try sink.gather(bytes, nothing, nothing) { _, _ in results.removeFirst() }
            }
        }
    }

    @Test func aFullDeviceIsNamedInTheError() throws {
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let error = FileError(.failed(call: "writev", code: ENOSPC), file: "/dev/full", offset: 0)
        #expect(throws: error) {
            _ = try NativeFileWriter(to: FileDescriptorSink(descriptor, name: "/dev/full"), header: FileModel.header)
        }
        #expect("\(error)" == "/dev/full: writev at byte 0: No space left on device (\(ENOSPC))")
    }

    @Test func aFullPipeThatDoesNotBlockIsAnErrorBehindWhatItTook() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        try #require(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0)
        var writer = try NativeFileWriter(to: FileDescriptorSink(ends[1], name: "pipe"), header: FileModel.header)
        let records = [UInt8](repeating: 7, count: 1 << 20)
        do {
            try writer.write(BatchHeader(), records: records.span.bytes)
            Issue.record("a pipe took a mebibyte")
        } catch let error as FileError {
            #expect(error.reason == .failed(call: "writev", code: EAGAIN))
            let offset = try #require(error.offset)
            #expect(offset > 64 && offset < 1 << 20)
            var taken: Int32 = 0
            #expect(ioctl(ends[0], UInt(FIONREAD), &taken) == 0)
            #expect(UInt64(taken) == offset)
        }
        #expect(writer.byteCount == 64)
        #expect(writer.totals.batches == 0)
    }

    @Test func allSinksGetTheSameBytes() throws {
        let model = FileModel.random(seed: 12)
        let bytes = try model.written()
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file.frec"
        let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var toFile = try NativeFileWriter(to: FileDescriptorSink(descriptor), header: model.header)
        var toNowhere = try NativeFileWriter(to: DiscardingSink(), header: model.header)
        for part in model.parts {
            try FileModel.write(part, to: &toFile)
            try FileModel.write(part, to: &toNowhere)
        }
        #expect(try toFile.finish().byteCount == UInt64(bytes.count))
        #expect(try toNowhere.finish().byteCount == UInt64(bytes.count))
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
    }
}
