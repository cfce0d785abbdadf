import Foundation
import Testing
import TraceCore

/// Takes so many writes and then fails.
private struct LimitedSink: ~Copyable, ByteSink {
    struct Broken: Error {}
    var base: PartialFile
    var left: Int

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard left > 0 else { throw Broken() }
        left -= 1
        try base.write(bytes)
    }

    consuming func commit() throws { try base.commit() }
}

@Suite struct HalfWrittenFiles {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/snapshot.frec"
    }

    private func save(_ model: FileModel, calls: Int = .max, to path: String) throws {
        let sink = LimitedSink(base: try PartialFile(path: path), left: calls)
        var writer = try NativeFileWriter(to: sink, header: model.header)
        for part in model.parts { try FileModel.write(part, to: &writer) }
        try writer.finish().commit()
    }

    @Test func aFileHasItsNameOnlyWhenItIsWhole() throws {
        var writer = try NativeFileWriter(to: PartialFile(path: path), header: FileModel.header)
        #expect(directory.names.count == 1)
        #expect(directory.names.first?.hasSuffix(".partial") == true)
        try writer.write(strings: [NativeString(number: 1, text: "one")])
        let file = try writer.finish()
        #expect(!directory.names.contains("snapshot.frec"))
        try file.commit(synchronized: true)
        #expect(directory.names == ["snapshot.frec"])
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        try MappedFile(path: path).withBytes { bytes in
            let reading = FileModel.read(bytes)
            #expect(reading.error == nil)
            #expect(reading.parts == [.strings([NativeString(number: 1, text: "one")])])
        }
    }

    @Test func aFailureAnywhereLeavesNothing() throws {
        var calls = 0
        while true {
            do {
                try save(.small, calls: calls, to: path)
                break
            } catch {
                #expect(error is LimitedSink.Broken)
                #expect(directory.names == [])
            }
            calls += 1
        }
        #expect(calls > FileModel.small.parts.count)
        #expect(directory.names == ["snapshot.frec"])
    }

    @Test func aFailureLeavesWhatWasThereBefore() throws {
        try directory.write("before".utf8, to: "snapshot.frec")
        #expect(throws: LimitedSink.Broken.self) { try save(.small, calls: 3, to: path) }
        #expect(directory.names == ["snapshot.frec"])
        #expect(try directory.text(of: "snapshot.frec") == "before")
        try save(.small, to: path)
        let bytes = try FileModel.small.written()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
    }

    @Test func aSymbolicLinkIsReplacedAndNotFollowed() throws {
        try directory.write("elsewhere".utf8, to: "target")
        try #require(symlink("target", path) == 0)
        try save(.small, to: path)
        #expect(try directory.text(of: "target") == "elsewhere")
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFREG)
    }

    @Test func aNameThatCannotBeGivenLeavesNothing() throws {
        try #require(mkdir(path, 0o700) == 0)
        #expect(throws: FileError(.failed(call: "rename", code: EISDIR), file: path)) { try save(.small, to: path) }
        #expect(directory.names == ["snapshot.frec"])
        let missing = directory.path + "/missing/snapshot.frec"
        do {
            try save(.small, to: missing)
            Issue.record("a file in a directory that does not exist")
        } catch let error as FileError { #expect(error.reason == .failed(call: "open", code: ENOENT)) }
    }

    @Test func theLongestNameThatAFileMayHave() throws {
        let name = String(repeating: "x", count: 250) + ".frec"
        try save(.small, to: directory.path + "/" + name)
        #expect(directory.names == [name])
    }
}

@Suite struct FilesThatAreNotMapped {
    @Test func whatIsNotARegularFileIsRefused() throws {
        let directory = try TemporaryDirectory()
        func reason(_ name: String) -> FileError.Reason? {
            do throws(FileError) {
                _ = try MappedFile(path: directory.path + "/" + name)
                return nil
            } catch { return error.reason }
        }
        #expect(reason("missing") == .failed(call: "open", code: ENOENT))
        #expect(reason("") == .notARegularFile)
        try #require(mkfifo(directory.path + "/pipe", 0o600) == 0)
        #expect(reason("pipe") == .notARegularFile)
        try directory.write("text".utf8, to: "file")
        try #require(symlink("file", directory.path + "/link") == 0)
        #expect(reason("link") == .failed(call: "open", code: ELOOP))
        #expect(reason("file") == nil)
        #expect(throws: FileError(.notARegularFile, file: "/dev/zero")) { _ = try MappedFile(path: "/dev/zero") }
    }

    @Test func anEmptyFileIsEmpty() throws {
        let directory = try TemporaryDirectory()
        try directory.write("".utf8, to: "empty")
        let file = try MappedFile(path: directory.path + "/empty")
        #expect(file.byteCount == 0)
        file.withBytes { bytes in
            #expect(bytes.byteCount == 0)
            #expect(FileModel.read(bytes).error == NativeFileError(.incomplete, at: 0))
        }
    }
}
