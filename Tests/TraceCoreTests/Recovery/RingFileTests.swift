import Foundation
import Testing
import TraceCore
import TraceTestSupport

/// The file of an arena: how it comes into being, who holds it, and that what is in it is read by somebody else.
@Suite(.serialized) struct RingFileTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/ring" }

    init() throws { directory = try TemporaryDirectory() }

    private func arena(pages: Int = 4, lanes: Int = 2) throws -> Arena {
        try Arena(
            ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: lanes), newFile: path, logByteCount: 4096
        )
    }

    private static let schema = EventSchema(
        id: 1, name: "one", category: "test", fields: [.init(name: "a", type: .unsigned)])

    /// A file that its process has let go of, with so many events.
    private func leftBehind(_ events: UInt64) throws {
        let arena = try arena()
        arena.metadata!.append(Self.schema)
        arena.metadata!.append(NativeString(number: 1, text: "text"))
        arena.metadata!.note(NativeThread(lane: 0, thread: 7, name: "old"))
        arena.metadata!.note(NativeThread(lane: 0, thread: 7, name: "new"))
        let writer = try arena.makeWriter(as: DenseEncoding.self)
        for word in 0..<events { writer.emit(DenseEncoding.one(word), id: 1) }
    }

    @Test func anythingAtThePathIsRefusedAndLeftAlone() throws {
        try directory.write("x".utf8, to: "ring")
        #expect(throws: ArenaError.fileExists(path: path)) { try arena() }
        #expect(try directory.text(of: "ring") == "x")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: directory.path + "/elsewhere")
        #expect(throws: ArenaError.fileExists(path: path)) { try arena() }
        #expect(throws: FileError.self) { try ArenaImage(path: path) }
        #expect(directory.names == ["ring"])
        #expect(throws: ArenaError.file(path: "/nowhere/ring", call: "open", code: ENOENT)) {
            try Arena(ArenaGeometry(pageCount: 2), newFile: "/nowhere/ring")
        }
    }

    @Test func aFullDiskIsAnErrorAtTheStartAndNothingIsLeftBehind() throws {
        let geometry = try ArenaGeometry(pageByteCount: 65536, pageCount: 1 << 24)
        #expect { try Arena(geometry, newFile: path) } throws: { error in
            guard case .file(_, "posix_fallocate", let code) = error as? ArenaError else { return false }
            return (code == ENOSPC || code == EFBIG) && "\(error)".contains("posix_fallocate")
        }
        #expect(directory.names == [])
    }

    @Test func whatWasEmittedIsReadWithoutTheProcess() throws {
        try leftBehind(1000)
        #expect(directory.names == ["ring"])
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        let trace = try ArenaImage(path: path).recover()
        #expect(trace.problems == [] && trace.owner == nil && trace.events == 1000 && trace.lost == 0)
        #expect(trace.schemas == [Self.schema] && trace.strings == [NativeString(number: 1, text: "text")])
        #expect(trace.snapshot.bound == .start && trace.snapshot.process == UInt32(getpid()))
        var words: [UInt64] = []
        let shapes = ShapeTable(trace.schemas)
        try trace.visitBatches { batch, bytes in
            var cursor = RecordCursor(batch)
            while let record = try cursor.next(in: bytes, shapes) { words.append(record.words.0) }
        }
        #expect(words == Array(0..<1000))
        let file = try trace.write(to: MemorySink(), reason: "test").bytes
        var reader = try NativeFileReader(file.span.bytes)
        while try reader.next(in: file.span.bytes) != nil {}
        #expect(reader.totals.events == 1000)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test func whatWasOverwrittenIsSaidToBeMissing() throws {
        try leftBehind(20_000)
        let trace = try ArenaImage(path: path).recover()
        #expect(trace.problems == [] && trace.lost == 0 && trace.lanes.map(\.isTruncated) == [true])
        #expect(trace.snapshot.bound == .store && trace.events > 500 && trace.events < 20_000)
    }

    @Test func aLeftoverIsMovedButOverNothing() throws {
        try leftBehind(1)
        try directory.write("x".utf8, to: "taken")
        #expect(throws: ArenaError.fileExists(path: directory.path + "/taken")) {
            try Arena.moveLeftover(at: path, to: directory.path + "/taken")
        }
        try Arena.moveLeftover(at: path, to: directory.path + "/moved")
        try Arena.moveLeftover(at: path, to: directory.path + "/moved")
        #expect(directory.names == ["moved", "taken"])
        #expect(try ArenaImage(path: directory.path + "/moved").recover().events == 1)
    }

    @Test func aLogThatIsFullIsToldAndNothingElseFails() throws {
        let arena = try arena()
        for id in 1...200 as ClosedRange<UInt16> {
            arena.metadata!.append(EventSchema(id: id, name: "an event with a long name", category: "test"))
        }
        let trace = try ArenaImage(path: path).recover()
        #expect(trace.unloggedEntries > 0 && trace.problems == [])
        #expect(trace.schemas.count + Int(trace.unloggedEntries) == 200)
    }

    // MARK: Files that somebody else made

    @Test func aFileThatIsCutShortIsRefusedAlsoWhileItIsRead() throws {
        try leftBehind(1000)
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for byteCount in stride(from: 0, to: whole.count, by: 512) {
            try whole.prefix(byteCount).write(to: URL(fileURLWithPath: path))
            #expect(throws: ArenaError.self, "\(byteCount) bytes") { try ArenaImage(path: path).recover() }
        }
        try whole.write(to: URL(fileURLWithPath: path))
        for byteCount in stride(from: 0, to: whole.count, by: 8192) {
            try whole.write(to: URL(fileURLWithPath: path))
            let image = try ArenaImage(path: path)
            truncate(path, off_t(byteCount))
            #expect(throws: ArenaError.self, "\(byteCount) bytes") { try image.recover() }
        }
    }

    /// Whatever a byte of a header, a lane, a state or the metadata says: an error, or a trace whose file is whole and decodes.
    @Test func noByteOfAFileIsTrusted() throws {
        try leftBehind(1500)
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let geometry = try ArenaImage(path: path).geometry
        let lanes = 36864
        let states = lanes + geometry.laneCapacity * 384
        let pages = bytes.count - 40960 - geometry.pageCount * 4096
        var places = Array(0..<64) + [256, 263, 384, 391, 512] + Array(lanes..<lanes + 400)
        places += Array(states..<states + geometry.pageCount * 8)
        for page in 0..<geometry.pageCount { places += Array(pages + page * 4096..<pages + page * 4096 + 96) }
        let metadata = pages + geometry.pageCount * 4096
        places += Array(metadata..<metadata + 600) + Array(metadata + 1024..<metadata + 1160)
        places += Array(metadata + 33792..<metadata + 33792 + 200)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        var (refused, read, cut) = (0, 0, 0)
        for place in places {
            for change in [0x01, 0xFF] as [UInt8] {
                bytes[place] ^= change
                try file.seek(toOffset: UInt64(place))
                try file.write(contentsOf: [bytes[place]])
                do {
                    let trace = try ArenaImage(path: path).recover()
                    let output = try trace.write(to: MemorySink(), reason: "test").bytes
                    try Self.readAll(output.span.bytes, ShapeTable(trace.schemas))
                    read += 1
                    if trace.problemCount > 0 { cut += 1 }
                } catch is ArenaError {
                    refused += 1
                } catch let error as NativeFileError {
                    Issue.record("byte \(place) changed by \(change): \(error)")
                } catch let error as DecodingError {
                    Issue.record("byte \(place) changed by \(change): \(error)")
                }
                bytes[place] ^= change
            }
            try file.seek(toOffset: UInt64(place))
            try file.write(contentsOf: [bytes[place]])
        }
        #expect(refused > 100 && read > 100 && cut > 100, "\(refused) refused, \(read) read, \(cut) cut")
    }

    private static func readAll(_ bytes: RawSpan, _ shapes: ShapeTable) throws {
        var reader = try NativeFileReader(bytes)
        while let chunk = try reader.next(in: bytes) {
            guard case .batch(let batch) = chunk else { continue }
            var cursor = RecordCursor(Batch(batch.header, recordsAt: batch.offset))
            while try cursor.next(in: bytes, shapes) != nil {}
        }
    }
}
