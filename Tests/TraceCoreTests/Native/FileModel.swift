import TraceCore

/// What a native file should hold, chunk by chunk; written, and read back.
struct FileModel: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case schemas([EventSchema])
        case strings([NativeString])
        case threads([NativeThread])
        case clockPair(ClockPair)
        case batch(BatchHeader, [UInt8])
        case openSpans([OpenSpan])
        case endOfGeneration(NativeGenerationEnd)
    }

    var header: NativeFileHeader
    var parts: [Part]

    static let header = NativeFileHeader(
        rate: ClockRate(ticksPerSecond: 2_596_142_000, partsPerBillion: 51_234)!, timeShift: 4,
        start: ClockPair(
            ticks: 0x0102_0304_0506_0708, monotonic: 0x1112_1314_1516_1718, wall: -0x2122_2324_2526_2728, width: 78))

    /// Ends the generation that is open, if one is: a writer refuses to finish else.
    mutating func close(generation: UInt64) {
        let last = parts.last {
            if case .batch = $0 { true } else if case .endOfGeneration = $0 { true } else { false }
        }
        guard case .batch? = last else { return }
        parts.append(.endOfGeneration(NativeGenerationEnd(generation: generation, clockPair: header.start)))
    }

    /// The bytes of the file. Throws what the writer throws.
    func written() throws -> [UInt8] {
        var writer = try NativeFileWriter(to: MemorySink(), header: header)
        for part in parts { try Self.write(part, to: &writer) }
        return try writer.finish().bytes
    }

    static func write<Sink: ByteSink & ~Copyable>(
        _ part: Part, to writer: inout NativeFileWriter<Sink>
    ) throws {
        switch part {
        case .schemas(let schemas): try writer.write(schemas: schemas)
        case .strings(let strings): try writer.write(strings: strings)
        case .threads(let threads): try writer.write(threads: threads)
        case .clockPair(let pair): try writer.write(pair)
        case .batch(let header, let records): try writer.write(header, records: records.span.bytes)
        case .openSpans(let spans): try writer.write(openSpans: spans)
        case .endOfGeneration(let end): try writer.write(end)
        }
    }

    /// What a reader makes of bytes.
    struct Reading {
        var header: NativeFileHeader?
        var parts: [Part] = []
        var totals: NativeTotals?
        var error: NativeFileError?
        /// Where each part ended.
        var offsets: [Int] = []
    }

    static func read(_ bytes: [UInt8]) -> Reading { read(bytes.span.bytes) }

    static func read(_ bytes: RawSpan) -> Reading {
        var reading = Reading()
        do throws(NativeFileError) {
            var reader = try NativeFileReader(bytes)
            reading.header = reader.header
            do throws(NativeFileError) {
                while let chunk = try reader.next(in: bytes) {
                    reading.append(chunk, in: bytes)
                    reading.offsets.append(reader.offset)
                }
            } catch {
                reading.error = error
                // The same error again, and nothing else.
                do throws(NativeFileError) {
                    _ = try reader.next(in: bytes)
                    reading.error = nil
                } catch { if reading.error != error { reading.error = nil } }
            }
        } catch { reading.error = error }
        return reading
    }
}

extension FileModel.Reading {
    mutating func append(_ chunk: NativeChunk, in bytes: RawSpan) {
        switch chunk {
        case .schemas(let schemas): parts.append(.schemas(schemas))
        case .strings(let strings): parts.append(.strings(strings))
        case .threads(let threads): parts.append(.threads(threads))
        case .clockPair(let pair): parts.append(.clockPair(pair))
        case .batch(let batch):
            let records = bytes.extracting(batch.range).withUnsafeBytes { Array($0) }
            parts.append(.batch(batch.header, records))
        case .openSpans(let spans): parts.append(.openSpans(spans))
        case .endOfGeneration(let end): parts.append(.endOfGeneration(end))
        case .end(let found): totals = found
        }
    }
}

extension FileModel {
    /// A file of a few generations, the same for the same seed.
    static func random(seed: UInt64) -> FileModel {
        var random = SeededGenerator(seed: seed)
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        func text() -> String {
            let alphabet = Array("ab z\0é漢🏁\n")
            return String((0..<number(0..<20)).map { _ in alphabet[number(0..<alphabet.count)] })
        }
        func pair() -> ClockPair {
            ClockPair(
                ticks: random.next(), monotonic: random.next(), wall: Int64(bitPattern: random.next()),
                width: random.next())
        }
        var model = FileModel(
            header: NativeFileHeader(
                rate: ClockRate(ticksPerSecond: UInt64(number(1..<5_000_000_000)), partsPerBillion: 7)!,
                timeShift: UInt8(number(0..<17)), start: pair()),
            parts: [])
        var (schemaID, stringNumber): (UInt16, UInt32) = (1, 0)
        for generation in 0..<number(0..<4) {
            for _ in 0..<number(0..<8) {
                switch number(0..<7) {
                case 0:
                    model.parts.append(
                        .schemas(
                            (0...number(0..<4)).map { _ in
                                defer { schemaID += UInt16(number(1..<100)) }
                                let fields = (0..<number(0..<5)).map { _ in
                                    EventSchema.Field(
                                        name: text(), type: FieldType.allCases.randomElement(using: &random)!,
                                        unit: text())
                                }
                                return EventSchema(
                                    id: schemaID, name: text(), category: text(),
                                    kind: EventKind.allCases.randomElement(using: &random)!, fields: fields)
                            }))
                case 1:
                    model.parts.append(
                        .strings(
                            (0...number(0..<4)).map { _ in
                                defer { stringNumber += UInt32(number(1..<1000)) }
                                return NativeString(number: stringNumber, text: text())
                            }))
                case 2:
                    model.parts.append(
                        .threads(
                            (0...number(0..<3)).map { _ in
                                NativeThread(
                                    lane: UInt32(number(0..<9)), thread: UInt32(number(0..<70_000)), name: text())
                            }))
                case 3:
                    model.parts.append(.clockPair(pair()))
                case 4:
                    model.parts.append(
                        .openSpans(
                            (0...number(0..<4)).map { depth in
                                OpenSpan(
                                    lane: UInt32(number(0..<9)), thread: UInt32(number(0..<70_000)),
                                    schema: UInt16(number(1..<65535)), isAcrossThreads: Bool.random(using: &random),
                                    depth: UInt32(depth), start: random.next(), number: random.next())
                            }))
                default:
                    let records = (0..<number(0..<60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    model.parts.append(
                        .batch(
                            BatchHeader(
                                timeShift: model.header.timeShift, ticket: random.next(), baseIndex: 5,
                                generation: UInt64(generation), baseTime: random.next(), lane: UInt32(number(0..<9)),
                                thread: UInt32(number(0..<70_000)), endIndex: UInt64(number(5..<100)),
                                byteCount: UInt32(records.count), schemaCount: UInt32(schemaID)), records))
                }
            }
            model.parts.append(
                .endOfGeneration(
                    NativeGenerationEnd(
                        generation: UInt64(generation), clockPair: pair(),
                        lanes: (0..<number(0..<4)).map { lane in
                            NativeGenerationEnd.Lane(
                                lane: UInt32(lane), events: random.next(),
                                gaps: (0..<number(0..<3)).map { _ in
                                    NativeGenerationEnd.Gap(firstIndex: random.next(), count: random.next())
                                },
                                isTruncated: Bool.random(using: &random))
                        })))
        }
        return model
    }

    /// One chunk of each kind, and no two fields alike.
    static let small: FileModel = {
        var model = versionOne
        model.parts.insert(
            .openSpans([
                OpenSpan(lane: 3, thread: 4711, schema: 1, depth: 2, start: 0x7654_3000),
                OpenSpan(
                    lane: 4, thread: 4712, schema: 301, isAcrossThreads: true, start: 0x7654_2000, number: 1025),
            ]), at: model.parts.count - 1)
        return model
    }()

    /// The same without what came with later minor versions.
    static let versionOne = FileModel(
        header: header,
        parts: [
            .schemas([
                EventSchema(
                    id: 1, name: "request", category: "http", kind: .begin,
                    fields: [.init(name: "size", type: .unsigned, unit: "bytes"), .init(name: "path", type: .string)]),
                EventSchema(id: 300, name: "tick", category: ""),
            ]),
            .strings([NativeString(number: 7, text: "été"), NativeString(number: 9, text: "")]),
            .threads([NativeThread(lane: 3, thread: 4711, name: "worker 1")]),
            .batch(
                BatchHeader(
                    timeShift: 4, ticket: 17, baseIndex: 100, generation: 5, baseTime: 0x7654_3210, lane: 3,
                    thread: 4711, endIndex: 102, byteCount: 13, schemaCount: 2), Array(1...13)),
            .clockPair(ClockPair(ticks: 1, monotonic: 2, wall: 3, width: 4)),
            .batch(
                BatchHeader(
                    timeShift: 4, ticket: 18, baseIndex: 110, generation: 5, baseTime: 0x7654_3310, lane: 3,
                    thread: 4711, endIndex: 111, byteCount: 8, schemaCount: 2), Array(21...28)),
            .endOfGeneration(
                NativeGenerationEnd(
                    generation: 5, clockPair: ClockPair(ticks: 5, monotonic: 6, wall: 7, width: 8),
                    lanes: [
                        .init(lane: 3, events: 3, gaps: [.init(firstIndex: 102, count: 8)], isTruncated: true),
                        .init(lane: 4, events: 0),
                    ])),
        ])
}
