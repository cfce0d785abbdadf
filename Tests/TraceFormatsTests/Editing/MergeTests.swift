import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// Files of one clock as one.
@Suite struct MergeTests {
    static func merge(_ files: [UInt8]...) throws -> [UInt8] {
        var inputs: [TraceMerge.Input] = []
        for (number, file) in files.enumerated() {
            inputs.append(TraceMerge.Input(name: "\(number)", index: try TraceIndex(file.span.bytes)))
        }
        let merge = try TraceMerge(inputs)
        let sink = try merge.write(to: MemorySink()) { name, body in
            let file = files[Int(name)!]
            try body(file.span.bytes)
        }
        return sink.bytes
    }

    /// Two parts of one file are that file again, in either order, and also where they overlap.
    @Test(arguments: 0..<30 as Range<UInt64>)
    func partsOfOneProcess(seed: UInt64) throws {
        let file = Self.consistent(try RandomTrace.file(seed: seed))
        let whole = try RecordList(file)
        guard let low = whole.entries.map(\.time).min(), let high = whole.entries.map(\.time).max() else { return }
        var random = SeededGenerator(seed: seed)
        let middle = UInt64.random(in: low...high, using: &random)
        let overlap = seed % 2 == 0 ? 0 : (high - middle) / 3
        let first = try CutTests.cut(file, TraceCut(to: middle + overlap))
        let second = try CutTests.cut(file, TraceCut(from: middle + (overlap == 0 ? 1 : 0)))
        for isSwapped in [false, true] {
            let merged = isSwapped ? try Self.merge(second, first) : try Self.merge(first, second)
            #expect(FileVerifier.violations(merged) == [], "seed \(seed)")
            let found = try RecordList(merged)
            #expect(Self.described(found) == Self.described(whole), "seed \(seed)")
            #expect(found.index.threads.map(\.name).sorted() == whole.index.threads.map(\.name).sorted())
        }
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func twoProcesses(seed: UInt64) throws {
        let (one, other) = (
            Self.consistent(try RandomTrace.file(seed: seed)), Self.consistent(try RandomTrace.file(seed: seed + 1000))
        )
        let merged = try Self.merge(one, other)
        #expect(FileVerifier.violations(merged) == [], "seed \(seed)")
        let found = Self.described(try RecordList(merged), numbers: false)
        let expected =
            Self.described(try RecordList(one), numbers: false) + Self.described(try RecordList(other), numbers: false)
        #expect(found.sorted() == expected.sorted(), "seed \(seed)")
        let sink = try CollectingSink.collect(merged)
        let lanes = try #require(sink.context).threads.map(\.lane)
        #expect(Set(lanes).count == lanes.count)
        #expect(sink.context?.threads.allSatisfy { $0.name.hasPrefix("random 4242/") || $0.name.isEmpty } == true)
        // No span is taken for one of the other process.
        var open: Set<UInt64> = []
        for item in sink.items {
            switch item.what {
            case .asyncBegin(let span, _): #expect(open.insert(span.number).inserted, "seed \(seed)")
            case .asyncEnd(let span, _): open.remove(span.number)
            default: break
            }
        }
    }

    @Test func numbersSchemasAndStringsOfProcessesAreToldApart() throws {
        var schemas = SmallFile.schemas
        schemas.swapAt(2, 5)
        (schemas[2].id, schemas[5].id) = (3, 6)
        let one = try SmallFile.make(start: 100, process: 1, strings: ["GET", "PUT"]) { writer in
            writer.emit(4, 9, 0, at: 1000)
            writer.emit(6, 2, at: 1100)
            writer.emit(3, 77, at: 1200)
            writer.emit(5, 9, at: 1300)
        }
        let other = try SmallFile.make(start: 200, process: 2, strings: ["POST", "GET"], schemas: schemas) { writer in
            writer.emit(4, 9, 3, at: 1050)
            writer.emit(3, 2, at: 1150)
            writer.emit(6, 78, at: 1250)
        }
        let merged = try Self.merge(one, other)
        #expect(FileVerifier.violations(merged) == [])
        let sink = try CollectingSink.collect(merged)
        let texts = sink.items.map { item in
            "\(item.name) " + item.arguments.map { "\($0.value)" }.joined(separator: ",")
        }
        #expect(
            texts == [
                "request unsigned(18),unsigned(0)", "request unsigned(19),unsigned(7)", "method staticString(\"PUT\")",
                "method staticString(\"GET\")", "value unsigned(77)", "value unsigned(78)", "request unsigned(18)",
                "request ",
            ])
        #expect(sink.context?.processName == "small 1, small 2")
    }

    @Test func aHoleBetweenFilesIsALoss() throws {
        let first = try SmallFile.make { for time in 1...10 { $0.emit(3, at: UInt64(time) * 1000) } }
        let second = try SmallFile.make(baseIndex: 25) { for time in 20...30 { $0.emit(3, at: UInt64(time) * 1000) } }
        let merged = try Self.merge(first, second)
        #expect(FileVerifier.violations(merged) == [])
        let index = try TraceIndex(merged.span.bytes)
        #expect(index.totals.events == 21)
        #expect(index.totals.lost == 15)
        #expect(index.generations[0].lanes[0].gaps == [.init(firstIndex: 10, count: 15)])
    }

    /// What one snapshot states to be lost another may have.
    @Test func whatALaterFileHasIsNotLost() throws {
        let first = try SmallFile.make(lost: 5) { for time in 1...10 { $0.emit(3, at: UInt64(time) * 1000) } }
        let second = try SmallFile.make(baseIndex: 10) { for time in 20...30 { $0.emit(3, at: UInt64(time) * 1000) } }
        let merged = try Self.merge(first, second)
        let index = try TraceIndex(merged.span.bytes)
        #expect(index.totals.events == 21)
        #expect(index.totals.lost == 0)
    }

    @Test func aThirdClockIsRefused() throws {
        let one = try SmallFile.make { $0.emit(3, at: 1000) }
        // The same ticks at another monotonic time.
        var other = try SmallFile.make(start: 1) { $0.emit(3, at: 1000) }
        other[47] = 1
        #expect(throws: TraceMerge.Failure.self) { _ = try Self.merge(one, other) }
    }

    /// Ticks and the monotonic clock of a random file agree, as those of a machine do.
    static func consistent(_ file: [UInt8]) -> [UInt8] {
        var file = file
        func patch(_ offset: Int) {
            let ticks = (0..<8).reduce(0 as UInt64) { $0 | UInt64(file[offset + $1]) << UInt64(8 * $1) }
            let time = UInt64(UInt128(ticks) * 1_000_000_000 / 2_596_000_000)
            for byte in 0..<8 { file[offset + 8 + byte] = UInt8(truncatingIfNeeded: time >> UInt64(8 * byte)) }
        }
        patch(32)
        var offset = 64
        while offset + 8 <= file.count {
            let length = (0..<4).reduce(0) { $0 | Int(file[offset + 4 + $1]) << (8 * $1) }
            if file[offset] == 6 { patch(offset + 16) }
            offset += 8 + (length + 7) & ~7
        }
        return file
    }

    /// Events as text that does not depend on the numbers of lanes and schemas.
    static func described(_ list: RecordList, numbers: Bool = true) -> [String] {
        list.entries.map { entry in
            let isNumbered =
                [.asyncBegin, .asyncEnd, .flowBegin, .flowStep, .flowEnd].contains(entry.kind) || entry.name == "task"
            let arguments = isNumbered && !numbers ? "" : "\(entry.arguments)"
            return "\(entry.time) \(entry.thread) \(entry.category)/\(entry.name) \(entry.kind) \(arguments)"
        }.sorted()
    }
}
