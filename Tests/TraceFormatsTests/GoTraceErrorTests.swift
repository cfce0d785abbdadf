import Testing
import TraceFormats

@Suite("What is refused of a Go trace, and where")
struct GoTraceErrorTests {
    private func error(minor: Int = 26, _ build: (inout TraceBuilder) -> Void) -> GoTraceError? {
        var trace = TraceBuilder(minor: minor)
        build(&trace)
        return scanError(trace.bytes)
    }

    @Test("a header that only looks like one is taken")
    func headers() {
        #expect(scanError([])?.reason == .notAGoTrace)
        #expect(scanError(Array("go 1.26 trace\0\0".utf8))?.reason == .notAGoTrace)
        #expect(scanError(Array("go 1.2x trace\0\0\0".utf8))?.offset == 6)
        #expect(scanError(TraceBuilder(minor: 26).bytes) == nil)
        for minor in [11, 21, 24, 27, 99] {
            #expect(scanError(TraceBuilder(minor: minor).bytes)?.reason == .unsupportedVersion(minor: minor))
        }
        // Before 1.26 a generation begins with the file, and this one has no frequency.
        #expect(scanError(TraceBuilder(minor: 25).bytes)?.reason == .missingFrequency)
    }

    @Test("a batch's header is trusted")
    func batchHeaders() {
        #expect(error { $0.bytes += [16] }?.reason == .expectedBatch(found: GoTraceKind(rawValue: 16)))
        #expect(error { $0.bytes += [0] }?.reason == .expectedBatch(found: GoTraceKind(rawValue: 0)))
        #expect(error { $0.bytes += [49] }?.reason == .truncatedHeader(.experiment))
        #expect(error(minor: 22) { $0.bytes += [49, 1] }?.reason == .expectedBatch(found: .experimentalBatch))
        #expect(error { $0.bytes += [1] }?.reason == .truncatedHeader(.generation))
        #expect(error { $0.bytes += [1, 1, 0x80] }?.reason == .truncatedHeader(.thread))
        #expect(error { $0.bytes += [1, 1, 1, 1] }?.reason == .truncatedHeader(.size))
        let overlong = [UInt8](repeating: 0x80, count: 9) + [2]
        #expect(error { $0.bytes += [1, 1, 1] + overlong + [0] }?.reason == .overlongHeader(.timestamp))
        #expect(error { $0.bytes += [1, 1, 1, 1] + TraceBuilder.varint(65537) }?.reason == .batchTooLarge(size: 65537))
        #expect(error { $0.bytes += [1, 1, 1, 1] + TraceBuilder.varint(.max) }?.reason == .batchTooLarge(size: .max))
        let short = error { $0.bytes += [1, 1, 1, 1, 5, 11, 1] }
        #expect(short?.reason == .incompleteBatch(size: 5, available: 2))
        #expect(short?.offset == 21)
        #expect(error { $0.batch(0, []) }?.reason == .invalidGeneration)
    }

    @Test("generations mix or end without their clock")
    func generations() {
        #expect(error { $0.clock(1) }?.reason == .incompleteGeneration)
        #expect(error { $0.end() }?.reason == .missingFrequency)
        #expect(
            error { trace in
                trace.clock(1); trace.batch(2, [])
            }?.reason == .missingEndOfGeneration(found: 2))
        #expect(
            error { trace in
                trace.clock(1); trace.clock(1)
            }?.reason == .duplicateFrequency)
        #expect(
            error { trace in
                trace.batch(1, [[50], TraceBuilder.record(8, 1)])
                trace.end()
            }?.reason == .missingClockSnapshot)
        // A generation may have any number since 1.26, before it is the next one.
        #expect(
            error { trace in
                trace.clock(9)
                trace.end()
                trace.clock(3)
                trace.end()
            } == nil)
        #expect(
            error(minor: 25) { trace in
                trace.clock(1); trace.clock(2)
            } == nil)
        #expect(
            error(minor: 25) { trace in
                trace.clock(1); trace.clock(3)
            }?.reason == .generationsOutOfOrder(found: 3))
        #expect(
            error(minor: 25) { trace in
                trace.clock(1); trace.end()
            }?.reason == .unexpectedEndOfGeneration)
        #expect(
            error(minor: 22) { trace in
                trace.clock(1); trace.batch(1, [[8, 1]])
            }?.reason == .duplicateFrequency)
        let inside = error { $0.batch(1, [[52]]) }
        #expect(inside?.reason == .endOfGenerationInsideChunk)
    }

    @Test("a damaged record is skipped, or reported elsewhere than it is")
    func records() {
        func record(_ bytes: [UInt8]) -> GoTraceError? {
            // Intact records around it, so that both the fast loop and the tail meet it.
            let intact = Array(repeating: [11, 1], count: 10).flatMap { $0 } as [UInt8]
            let front = error { $0.batch(3, [intact, bytes, intact]) }
            #expect(front?.generation == 3)
            #expect(front?.batch == 0)
            let back = error { $0.batch(3, [intact, bytes]) }
            #expect(back?.offset == front?.offset)
            return front
        }
        let start = 16 + 5 + 20
        #expect(record([77])?.reason == .unknownKind(GoTraceKind(rawValue: 77)))
        #expect(record([77])?.offset == start)
        #expect(record([0])?.reason == .unknownKind(GoTraceKind(rawValue: 0)))
        #expect(record([4])?.reason == .notAnEvent(.strings))
        #expect(record([51, 1, 1, 1, 1])?.reason == .notAnEvent(.clockSnapshot))
        let overlong = [UInt8](repeating: 0xFF, count: 10)
        #expect(record([16] + overlong + [1, 1, 1])?.reason == .overlongVarint(GoTraceKind(rawValue: 16)))
        #expect(record([16, 1] + overlong + [1, 1])?.offset == start + 2)
        #expect(
            error(minor: 22) { $0.batch(1, [[45, 1, 1, 1]]) }?.reason == .unknownKind(GoTraceKind(rawValue: 45)))
        #expect(error { $0.batch(1, [[16, 1, 1]]) }?.reason == .truncatedRecord(GoTraceKind(rawValue: 16)))
    }

    @Test("a record takes its last bytes from the next batch's header", arguments: 1...12)
    func recordAcrossTheEnd(left: Int) {
        // Five arguments, of which the batch holds at most four: the next header would complete the record.
        let argument = [UInt8](repeating: 0x80, count: max(left - 5, 0)) + [1]
        let cut = ([40, 1, 1, 1] + argument).prefix(left)
        for batches in 1...8 {
            for damaged in 0..<batches {
                let found = error { trace in
                    for index in 0..<batches {
                        let events = Array(repeating: [11, 1] as [UInt8], count: 20 + index)
                        trace.batch(1, index == damaged ? events + [Array(cut)] : events)
                    }
                    trace.clock(1)
                    trace.end()
                }
                #expect(found?.reason == .truncatedRecord(GoTraceKind(rawValue: 40)))
                #expect(found?.batch == damaged)
            }
        }
    }

    @Test("a table's size or depth is trusted")
    func tables() {
        let text = String(repeating: "x", count: 1025)
        #expect(error { $0.batch(1, [[4], TraceBuilder.string(1, text)]) }?.reason == .stringTooLong(size: 1025))
        #expect(error { $0.batch(1, [[4], [5, 1, 9]]) }?.reason == .truncatedRecord(.string))
        #expect(
            error { $0.batch(1, [[4], [5, 1] + TraceBuilder.varint(.max)]) }?.reason == .stringTooLong(size: .max))
        #expect(error { $0.batch(1, [[2], TraceBuilder.record(3, 1, 129)]) }?.reason == .stackTooDeep(frames: 129))
        #expect(
            error { $0.batch(1, [[2], TraceBuilder.record(3, 1, .max)]) }?.reason == .stackTooDeep(frames: .max))
        #expect(error { $0.batch(1, [[2], [3, 1, 1, 1, 1, 1]]) }?.reason == .truncatedRecord(.stack))
        #expect(
            error { $0.batch(1, [[2], [16, 1]]) }?.reason
                == .unexpectedRecord(GoTraceKind(rawValue: 16), expected: .stack))
        #expect(error { $0.batch(1, [[50], [50]]) }?.reason == .unexpectedRecord(.sync, expected: .frequency))
    }

    @Test("what is whole is lost because of what is not")
    func survey() {
        let whole = TraceBuilder.variety(minor: 26, generations: 1...2)
        let three = TraceBuilder.variety(minor: 26, generations: 1...3)
        let cut = Array(three.dropLast(10))
        let survey = GoTraceScanner.survey(cut.span.bytes)
        #expect(survey.counts == (try? GoTraceScanner.count(whole.span.bytes)))
        #expect(survey.error?.generation == 3)

        // Before 1.26 damage behind a generation's batches completes it, as in Go's reader.
        let old = TraceBuilder.variety(minor: 23, generations: 1...2)
        let damaged = GoTraceScanner.survey((old + [77]).span.bytes)
        #expect(damaged.counts == (try? GoTraceScanner.count(old.span.bytes)))
        #expect(damaged.error?.offset == old.count)
    }

    @Test("a scanner goes on behind an error")
    func errorsStay() throws {
        var trace = TraceBuilder()
        trace.bytes += [77]
        trace.clock(1)
        var scanner = try GoTraceScanner(trace.bytes.span.bytes)
        let first = #expect(throws: GoTraceError.self) { try scanner.nextBatch(in: trace.bytes.span.bytes) }
        let second = #expect(throws: GoTraceError.self) { try scanner.nextBatch(in: trace.bytes.span.bytes) }
        #expect(first == second)
    }

    @Test("a chunk of more or less than one batch is taken")
    func chunks() {
        func reason(_ bytes: [UInt8]) -> GoTraceError.Reason? {
            do throws(GoTraceError) {
                _ = try GoTraceBatch(chunk: bytes.span.bytes, version: .go126)
                return nil
            } catch {
                return error.reason
            }
        }
        #expect(reason([]) == .emptyChunk)
        #expect(reason([52]) == nil)
        #expect(reason([52, 52]) == .endOfGenerationInsideChunk)
        #expect(reason([1, 1, 1, 1, 2, 11, 1]) == nil)
        #expect(reason([1, 1, 1, 1, 2, 11]) == .chunkIsNotOneBatch(size: 2, available: 1))
        #expect(reason([1, 1, 1, 1, 2, 11, 1, 0]) == .chunkIsNotOneBatch(size: 2, available: 3))
        #expect(reason([16, 1, 1, 1]) == .expectedBatch(found: GoTraceKind(rawValue: 16)))
    }
}
