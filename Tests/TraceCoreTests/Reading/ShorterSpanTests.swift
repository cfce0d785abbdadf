import FuzzTargets
import Testing
import TraceCore

/// A span that is not the one that the batches came from, where a reader has looked before: it has to trap, not to load.
@Suite struct SpansThatShrink {
    private static let schemas = [EventSchema(id: 1, name: "s", category: "c", fields: [])]

    /// 40 events.
    private static var bytes: [UInt8] {
        headerBytes(BatchHeader(), byteCount: 120) + Array(repeating: [1, 1, 0], count: 40).flatMap { $0 }
    }

    @Test func nextInTheMiddleOfAWindow() async {
        await #expect(processExitsWith: .failure) {
            try GuardedBytes(Self.bytes).withSpan { span in
                let shapes = ShapeTable(Self.schemas)
                var merge = try TimeMerge([try Batch(at: 0, in: span)], in: span)
                guard try merge.next(in: span, shapes) != nil else { return }
                _ = try merge.next(in: span.extracting(first: 80), shapes)
            }
        }
    }

    @Test func scanInTheMiddleOfAWindow() async {
        struct Ignore: ScanVisitor {
            mutating func event(_ event: ScannedEvent) {}
        }
        await #expect(processExitsWith: .failure) {
            try GuardedBytes(Self.bytes).withSpan { span in
                let shapes = ShapeTable(Self.schemas)
                var merge = try TimeMerge([try Batch(at: 0, in: span)], in: span)
                guard try merge.next(in: span, shapes) != nil else { return }
                var visitor = Ignore()
                try merge.scan(in: span.extracting(first: 80), shapes, into: &visitor)
            }
        }
    }

    @Test func batchesInFrontOfTheSpan() async {
        await #expect(processExitsWith: .failure) { _ = Batch(BatchHeader(byteCount: 8), recordsAt: -1) }
        await #expect(processExitsWith: .failure) { _ = Batch(BatchHeader(byteCount: 8), recordsAt: .max - 7) }
        await #expect(processExitsWith: .success) { _ = Batch(BatchHeader(byteCount: 8), recordsAt: .max - 8) }
    }

    /// A merge that cannot be made has nothing to give back. Many of them: the second one would show it.
    @Test func mergesThatAreNotMade() throws {
        let bytes = (0..<6).flatMap { headerBytes(BatchHeader(timeShift: $0 == 5 ? 2 : 1), byteCount: 0) }
        try GuardedBytes(bytes).withSpan { span in
            let batches = try (0..<6).map { try Batch(at: 64 * $0, in: span) }
            for _ in 0..<1000 {
                #expect(throws: DecodingError(.timeShift(2), at: 326)) { _ = try TimeMerge(batches, in: span) }
                var merge = try TimeMerge(Array(batches.prefix(5)), in: span)
                #expect(try merge.next(in: span, ShapeTable(Self.schemas)) == nil)
            }
        }
    }
}
