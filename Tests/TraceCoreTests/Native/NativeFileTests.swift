import Foundation
import Testing
import TraceCore

@Suite struct FilesThatReadDifferent {
    /// What goes wrong when `model` is written and read, or nil.
    private func problem(_ model: FileModel) throws -> String? {
        let bytes = try model.written()
        guard bytes.count % 8 == 0 else { return "\(bytes.count) bytes" }
        let reading = FileModel.read(bytes)
        if let error = reading.error { return "\(error)" }
        guard reading.header == model.header else { return "header" }
        guard reading.parts == model.parts else { return "chunks" }
        guard reading.totals != nil, reading.offsets.last == bytes.count else { return "end" }
        return nil
    }

    /// `model` without all parts that it fails without.
    private func shrunk(_ model: FileModel) throws -> FileModel {
        var model = model
        var index = 0
        while index < model.parts.count {
            var smaller = model
            smaller.parts.remove(at: index)
            smaller.close(generation: .max)
            if smaller.parts.count < model.parts.count, try problem(smaller) != nil {
                model = smaller
            } else {
                index += 1
            }
        }
        return model
    }

    @Test func randomFilesComeBack() throws {
        for seed: UInt64 in 0..<500 {
            let model = FileModel.random(seed: seed)
            guard let found = try problem(model) else { continue }
            let small = try shrunk(model)
            Issue.record("seed \(seed): \(found); least: \(try problem(small) ?? "") \(small)")
            return
        }
    }

    @Test func theSmallFileComesBack() throws { #expect(try problem(.small) == nil) }

    @Test func theReaderCollectsTablesAndTotals() throws {
        let bytes = try FileModel.small.written()
        var reader = try NativeFileReader(bytes.span.bytes)
        while try reader.next(in: bytes.span.bytes) != nil {}
        #expect(reader.schemas.keys.sorted() == [1, 300])
        #expect(reader.strings == [7: "été", 9: ""])
        #expect(reader.totals == NativeTotals(batches: 2, events: 3, lost: 8))
        let another = try reader.next(in: bytes.span.bytes)
        #expect(another == nil)
    }

    /// Written by the version 1.0 of this format, and read by every later one: the file is never written anew.
    @Test func aFileOfVersionOneStillReadsTheSame() throws {
        let url = try #require(Bundle.module.url(forResource: "Data/version-1.0", withExtension: "frec"))
        let file = try MappedFile(path: url.path)
        file.withBytes { bytes in
            let reading = FileModel.read(bytes)
            #expect(reading.error == nil)
            #expect(reading.header?.rate == FileModel.header.rate)
            #expect(reading.header?.timeShift == FileModel.header.timeShift)
            #expect(reading.header?.start == FileModel.header.start)
            #expect(reading.header?.minorVersion == 0)
            #expect(reading.parts == FileModel.versionOne.parts)
            #expect(reading.totals == NativeTotals(batches: 2, events: 3, lost: 8))
        }
    }

    @Test func longTablesAreSplit() throws {
        let strings = (0..<20_000).map { NativeString(number: UInt32($0), text: "string \($0)") }
        let bytes = try FileModel(header: FileModel.header, parts: [.strings(strings)]).written()
        let reading = FileModel.read(bytes)
        #expect(reading.error == nil)
        #expect(reading.parts.count > 4)
        var read: [NativeString] = []
        for case .strings(let found) in reading.parts { read += found }
        #expect(read == strings)
    }

    @Test func aLongTextIsCutBetweenScalars() throws {
        for length in 4090...4100 {
            let text = String(repeating: "x", count: length) + "漢字"
            let parts: [FileModel.Part] = [.strings([NativeString(number: 1, text: text)])]
            let reading = FileModel.read(
                try FileModel(header: FileModel.header, parts: parts).written())
            guard case .strings(let found)? = reading.parts.first, let cut = found.first?.text else {
                Issue.record("\(length)")
                return
            }
            #expect(text.hasPrefix(cut))
            #expect(cut.utf8.count <= 4096 && cut.utf8.count > min(4093, length))
            #expect(!cut.unicodeScalars.contains("\u{FFFD}"))
        }
    }

    @Test func emptyListsLeaveNoChunk() throws {
        let model = FileModel(header: FileModel.header, parts: [.schemas([]), .strings([]), .threads([])])
        #expect(try model.written().count == NativeFileHeader.byteCount + 32)
    }

    @Test func aSchemaThatCannotBeStoredIsRefusedAndTheWriterGoesOn() throws {
        var writer = try NativeFileWriter(to: MemorySink(), header: FileModel.header)
        let field = EventSchema.Field(name: "a", type: .unsigned)
        let wide = EventSchema(id: 1, name: "", category: "", fields: Array(repeating: field, count: 256))
        #expect(throws: NativeFileError(.invalid(.fieldCount, 256), at: 64)) { try writer.write(schemas: [wide]) }
        let zero = EventSchema(id: 0, name: "", category: "")
        #expect(throws: NativeFileError(.invalid(.schemaID, 0), at: 64)) { try writer.write(schemas: [zero]) }
        let good = EventSchema(id: 1, name: "good", category: "")
        try writer.write(schemas: [good])
        #expect(FileModel.read(try writer.finish().bytes).parts == [.schemas([good])])
    }

    @Test func aFileIsNotFinishedInsideAGeneration() throws {
        let model = FileModel(header: FileModel.header, parts: [.batch(BatchHeader(), [])])
        #expect(throws: NativeFileError(.generationNotEnded, at: 64 + 72)) { try model.written() }
    }
}
