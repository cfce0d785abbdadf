internal import TraceCore
internal import TraceFormats
internal import TraceTestSupport

extension FuzzTarget {
    static let file = FuzzTarget(
        name: "file", summary: "the reader of native files, against a slow one", maximumLength: 4096,
        memory: MemoryBound(fixed: 1 << 17, perByte: 160)
    ) { input, meter in
        meter.measure {
            guard let index = try? TraceIndex(input.bytes) else { return }
            for batch in index.batches {
                var cursor = RecordCursor(batch)
                while (try? cursor.next(in: input.bytes, index.shapes)) != nil {}
            }
        }
        return FileAgreement.failure(input)
    } seeds: {
        try seedFiles()
    }

    static func seedFiles() throws -> [[UInt8]] {
        let random = try [3, 12].map { try RandomTrace.file(seed: $0, events: 32, nameLimit: 12) }
        return try smallFiles() + [SmallFile.make { _ in }] + random
    }

    /// Two files of less than two kilobytes, in which there is everything that a timeline tells, and records of every shape.
    public static func smallFiles() throws -> [[UInt8]] {
        // Of a few thousand seeds, the one of the smallest such file. Only a loss needs several batches of a thread.
        let rich = try RandomTrace.file(seed: 399, events: 32, nameLimit: 12)
        let lossy = try SmallFile.make(
            lost: 3, openSpans: [OpenSpan(lane: 0, thread: 7, schema: 1, start: 900)]
        ) { writer in
            writer.emit(1, at: 1000)
            writer.emit(4, 5, 6, at: 1500)
            writer.emit(6, 1, at: 2000)
            writer.emit(3, 1 << 40, at: 1 << 20)
        }
        return [rich, lossy]
    }
}

/// Whether the reader of native files says of some bytes what the reference says.
enum FileAgreement {
    static func failure(_ bytes: UnsafeRawBufferPointer) -> String? {
        let expected = ReferenceFile(Array(bytes))
        do throws(NativeFileError) {
            let index = try TraceIndex(bytes.bytes)
            guard let expected else { return "accepted" }
            guard index.problem == nil || (0...bytes.count).contains(index.problem!.offset) else {
                return "offset outside: \(index.problem!)"
            }
            return difference(index, expected) ?? verifier(bytes, index)
        } catch {
            guard (0...bytes.count).contains(error.offset) else { return "offset outside: \(error)" }
            return expected == nil ? nil : "refused: \(error)"
        }
    }

    private static func difference(_ index: TraceIndex, _ expected: ReferenceFile) -> String? {
        if (index.problem == nil) != expected.isWhole { return "whole or not: \(index.problem as Any)" }
        if index.batches.map(\.records) != expected.batches { return "batches" }
        if index.generations.map(\.generation) != expected.generations { return "generations" }
        // Of a chunk that is not good, the first entries may have been taken in.
        if expected.isWhole {
            if Set(index.schemas.keys.map(Int.init)) != expected.schemaIDs { return "schemas" }
            if Dictionary(uniqueKeysWithValues: index.strings.map { (Int($0), Array($1.utf8)) }) != expected.strings {
                return "strings"
            }
        }
        if index.threads.count != expected.threads { return "threads" }
        if (index.snapshot != nil) != (expected.snapshots > 0) { return "snapshots" }
        return index.totals.lost == expected.lost ? nil : "losses"
    }

    /// A file of which the verifier says that it is good, is read to its end by every reader.
    private static func verifier(_ bytes: UnsafeRawBufferPointer, _ index: TraceIndex) -> String? {
        let violations = FileVerifier.violations(Array(bytes))
        for violation in violations where !(0...bytes.count).contains(violation.offset) {
            return "a violation outside: \(violation)"
        }
        guard violations.isEmpty else { return nil }
        if let problem = index.problem { return "verified, but \(problem)" }
        do {
            var merge = try TimeMerge(index.batches, in: bytes.bytes)
            while try merge.next(in: bytes.bytes, index.shapes) != nil {}
            return nil
        } catch {
            return "verified, but \(error)"
        }
    }
}
