import Testing
import TraceCore

/// Any bytes: what is whole is read, what is not is named, and nothing is read that is not there. All of it right before
/// a page that must not be touched.
@Suite struct DamagedFilesThatAreTrusted {
    private let guarded = GuardedMemory(capacity: 1 << 16)

    private func read(_ bytes: some Collection<UInt8>) -> FileModel.Reading {
        FileModel.read(UnsafeRawBufferPointer(guarded.copy(bytes)).bytes)
    }

    /// The error of a file that was read, wherever it is.
    private func error(_ bytes: [UInt8]) -> NativeFileError? { read(bytes).error }

    @Test func everyCutGivesAllBeforeIt() throws {
        let model = FileModel.small
        let bytes = try model.written()
        let ends = [NativeFileHeader.byteCount] + read(bytes).offsets
        for length in 0..<bytes.count {
            let reading = read(bytes[..<length])
            let whole = ends.lastIndex { $0 <= length }
            let parts = whole.map { Array(model.parts[..<$0]) } ?? []
            guard reading.parts == parts, reading.totals == nil,
                reading.error == NativeFileError(.incomplete, at: whole.map { ends[$0] } ?? 0)
            else {
                Issue.record("length \(length): \(reading)")
                return
            }
        }
    }

    /// Damage is found, or it changes a value; never does it make the reader trap, or read what is not there.
    @Test func everyValueOfEveryByte() throws {
        let original = try FileModel.small.written()
        let copy = guarded.copy(original)
        for position in original.indices {
            for value in UInt8.min...UInt8.max {
                copy[position] = value
                let reading = FileModel.read(UnsafeRawBufferPointer(copy).bytes)
                if let error = reading.error {
                    guard (0...original.count).contains(error.offset) else {
                        Issue.record("byte \(position) set to \(value): \(error)")
                        return
                    }
                } else if reading.totals == nil {
                    Issue.record("byte \(position) set to \(value): neither an end nor an error")
                    return
                }
            }
            copy[position] = original[position]
        }
    }

    @Test(arguments: 0..<8)
    func manyBytesAtOnce(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let original = try FileModel.random(seed: seed).written() + FileModel.small.written().dropFirst(64)
        for _ in 0..<1000 {
            var bytes = original
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                let number: UInt32 = [0, 1, 8, 0x7FFF_FFFF, 0x8000_0000, .max - 7, .max].randomElement(using: &random)!
                for byte in 0..<min(4, bytes.count - position) {
                    bytes[position + byte] = UInt8(truncatingIfNeeded: number >> UInt32(8 * byte))
                }
            }
            let reading = read(bytes[..<Int.random(in: 0...bytes.count, using: &random)])
            #expect(reading.error != nil || reading.totals != nil)
            if let error = reading.error { #expect((0...bytes.count).contains(error.offset)) }
        }
    }

    @Test func bytesThatAreNoFileAtAll() {
        var random = SeededGenerator(seed: 1)
        #expect(error([]) == NativeFileError(.incomplete, at: 0))
        #expect(error([0]) == NativeFileError(.notANativeFile, at: 0))
        for length in 1..<300 {
            let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(error(bytes)?.reason == .notANativeFile)
        }
    }

    /// A file with the small one's header, and `chunks` as they are.
    private func file(_ chunks: [UInt8]...) throws -> [UInt8] {
        try FileModel.small.written().prefix(64) + chunks.flatMap { $0 }
    }

    private func chunk(_ kind: UInt32, _ payload: [UInt8]) -> [UInt8] {
        var bytes = little(kind) + little(UInt32(payload.count)) + payload
        while bytes.count % 8 != 0 { bytes.append(0xEE) }
        return bytes
    }

    private func little(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private var end: [UInt8] { chunk(7, [UInt8](repeating: 0, count: 24)) }

    @Test func aVersionThatNobodyKnowsIsRefused() throws {
        var bytes = try FileModel.small.written()
        bytes[10] = 9
        #expect(read(bytes).header?.minorVersion == 9)
        #expect(error(bytes) == nil)
        bytes[8] = 2
        #expect(error(bytes) == NativeFileError(.unsupportedVersion(major: 2, minor: 9), at: 8))
    }

    @Test func aLongerHeaderAndUnknownChunksAreSkipped() throws {
        var bytes = try FileModel.small.written()
        let inserted = chunk(0xFFFF_FFFF, [1, 2, 3]) + chunk(99, [])
        for offset in ([64] + read(bytes).offsets.dropLast()).reversed() {
            bytes.insert(contentsOf: inserted, at: offset)
        }
        bytes.insert(contentsOf: [UInt8](repeating: 0xAA, count: 16), at: 64)
        bytes[12] = 80
        let reading = read(bytes)
        #expect(reading.error == nil)
        #expect(reading.parts == FileModel.small.parts)
    }

    @Test func whatALaterVersionAppendsToAChunkIsSkipped() throws {
        let pair = ClockPair(ticks: 1, monotonic: 2, wall: 3, width: 4)
        let payload = [1, 2, 3, 4].flatMap { little(UInt64($0)) }
        let end = chunk(7, [UInt8](repeating: 0, count: 24) + [1])
        #expect(read(try file(chunk(4, payload + [9, 9, 9]), end)).parts == [.clockPair(pair)])
        #expect(error(try file(chunk(4, payload + [9, 9, 9]), end)) == nil)
    }

    @Test func headersThatCannotBe() throws {
        func damaged(_ offset: Int, _ bytes: [UInt8]) throws -> NativeFileError? {
            var file = try FileModel.small.written()
            file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            return error(file)
        }
        #expect(try damaged(12, [63]) == NativeFileError(.invalid(.headerByteCount, 63), at: 12))
        #expect(try damaged(12, [56]) == NativeFileError(.invalid(.headerByteCount, 56), at: 12))
        #expect(try damaged(12, little(UInt32.max - 7)) == NativeFileError(.incomplete, at: 0))
        #expect(try damaged(16, little(0 as UInt64)) == NativeFileError(.invalid(.ticksPerSecond, 0), at: 16))
        #expect(try damaged(16, little(UInt64.max)) == NativeFileError(.invalid(.ticksPerSecond, .max), at: 16))
        #expect(try damaged(28, [17]) == NativeFileError(.invalid(.timeShift, 17), at: 28))
    }

    @Test func schemasAndStringsThatContradict() throws {
        func schema(_ name: String) -> FileModel.Part { .schemas([EventSchema(id: 5, name: name, category: "c")]) }
        func string(_ text: String) -> FileModel.Part { .strings([NativeString(number: 5, text: text)]) }
        func written(_ parts: FileModel.Part...) throws -> [UInt8] {
            try FileModel(header: FileModel.header, parts: parts).written()
        }
        #expect(error(try written(schema("a"), schema("a"), string("a"), string("a"))) == nil)
        #expect(error(try written(schema("a"), schema("b")))?.reason == .conflictingSchema(id: 5))
        #expect(error(try written(string("a"), string("b")))?.reason == .conflictingString(number: 5))
        let reading = read(try written(schema("a"), schema("b")))
        #expect(reading.parts == [schema("a")])
        #expect(reading.error?.offset == 64 + 8 + 8 + 16)
    }

    @Test func generationsThatDoNotFollow() throws {
        func ended(_ number: UInt64) -> FileModel.Part {
            .endOfGeneration(NativeGenerationEnd(generation: number, clockPair: FileModel.header.start))
        }
        func written(_ parts: FileModel.Part...) throws -> [UInt8] {
            try FileModel(header: FileModel.header, parts: parts).written()
        }
        #expect(error(try written(ended(0), ended(3))) == nil)
        #expect(error(try written(ended(3), ended(3)))?.reason == .generationsOutOfOrder(found: 3))
        #expect(error(try written(ended(3), ended(2)))?.reason == .generationsOutOfOrder(found: 2))
        var open = try FileModel.small.written()
        open.removeSubrange(read(open).offsets[6]..<read(open).offsets[7])
        #expect(error(open)?.reason == .generationNotEnded)
    }

    @Test func totalsThatDoNotAddUp() throws {
        let bytes = try FileModel.small.written()
        for (index, field) in [NativeFileError.Field.batches, .events, .lost].enumerated() {
            var damaged = bytes
            let offset = bytes.count - 24 + 8 * index
            damaged[offset] += 1
            let found = UInt64(bytes[offset])
            #expect(
                error(damaged) == NativeFileError(.wrongTotal(field, stated: found + 1, found: found), at: offset))
        }
        #expect(error(bytes + [0]) == NativeFileError(.bytesBehindTheEnd, at: bytes.count))
    }

    @Test func chunksThatCannotBe() throws {
        let (zero, all) = (little(0 as UInt32), little(UInt32.max))
        #expect(error(try file(zero + zero, end)) == NativeFileError(.unwritten, at: 64))
        // Counts that lie, lists that end early.
        for (kind, field) in [
            (1, NativeFileError.Field.schemaCount), (2, .stringCount), (3, .threadCount), (8, .openSpanCount),
        ] {
            let kind = UInt32(kind)
            #expect(error(try file(chunk(kind, all))) == NativeFileError(.invalid(field, 0xFFFF_FFFF), at: 72))
            #expect(error(try file(chunk(kind, []))) == NativeFileError(.truncated(field), at: 72))
        }
        // One more than fits, even if the entries were as short as they can be.
        for (kind, minimum, field) in [
            (1, 8, NativeFileError.Field.schemaCount), (2, 6, .stringCount), (3, 10, .threadCount), (8, 32, .openSpanCount),
        ] {
            let payload = little(UInt32(2)) + [UInt8](repeating: 1, count: 2 * minimum - 1)
            #expect(error(try file(chunk(UInt32(kind), payload))) == NativeFileError(.invalid(field, 2), at: 72))
        }
        let long = little(UInt32(1)) + little(UInt32(7)) + little(UInt16(4097)) + [UInt8](repeating: 65, count: 4097)
        #expect(error(try file(chunk(2, long))) == NativeFileError(.invalid(.string, 4097), at: 80))
        let short = little(UInt32(1)) + little(UInt32(7)) + little(UInt16(3)) + [65, 65]
        #expect(error(try file(chunk(2, short), end)) == NativeFileError(.truncated(.string), at: 82))
        let noUTF8 = little(UInt32(1)) + little(UInt32(7)) + little(UInt16(2)) + [65, 0xFF]
        #expect(read(try file(chunk(2, noUTF8), end)).parts == [.strings([NativeString(number: 7, text: "A\u{FFFD}")])])
        // Batches.
        #expect(error(try file(chunk(5, [1]))) == NativeFileError(.truncated(.batchHeader), at: 72))
        let nothing = [UInt8](repeating: 0, count: 64)
        #expect(error(try file(chunk(5, nothing))) == NativeFileError(.notABatch, at: 72))
        var batch = Array(
            try FileModel(
                header: FileModel.header,
                parts: [
                    .batch(BatchHeader(), []),
                    .endOfGeneration(
                        NativeGenerationEnd(generation: 1, clockPair: FileModel.header.start)),
                ]
            ).written()[72..<136])
        batch[56] = 200
        #expect(error(try file(chunk(5, batch))) == NativeFileError(.batchLength(stated: 200, found: 0), at: 72))
        // Ends of generations.
        let pair = [UInt8](repeating: 1, count: 40)
        #expect(error(try file(chunk(6, pair + all))) == NativeFileError(.invalid(.laneCount, 0xFFFF_FFFF), at: 112))
        let lane = little(UInt32(1)) + [UInt8](repeating: 0, count: 16) + all
        #expect(
            error(try file(chunk(6, pair + lane))) == NativeFileError(.invalid(.gapCount, 0xFFFF_FFFF), at: 132))
    }
}
