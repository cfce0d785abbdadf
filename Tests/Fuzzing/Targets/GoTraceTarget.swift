internal import TraceFormats

extension FuzzTarget {
    static let goTrace = FuzzTarget(
        name: "go-trace", summary: "the scanner of Go's traces, against a slow decoder", maximumLength: 2048,
        memory: MemoryBound(fixed: 1 << 16, perByte: 8)
    ) { input, meter in
        _ = meter.measure { try? GoTraceScanner.count(input.bytes) }
        return GoAgreement.failure(input)
    } seeds: {
        // A header of each version, and a generation by hand; more is in the corpus.
        [22, 23, 25, 26].map { minor in
            let clock: [UInt8] = minor < 25 ? [1, 1, 1, 1, 2, 8, 9] : [1, 1, 1, 1, 8, 50, 8, 9, 51, 1, 1, 1, 1]
            return Array("go 1.\(minor) trace\0\0\0".utf8) + clock + [1, 1, 2, 3, 4, 11, 5, 1]
                + (minor < 26 ? [] : [52])
        }
    }
}

/// Whether the scanner says of some bytes what the reference decoder says.
public enum GoAgreement {
    /// What the scanner got wrong, or nil.
    public static func failure(_ bytes: UnsafeRawBufferPointer) -> String? {
        let expected = ReferenceGoDecoder.decode(Array(bytes))
        do throws(GoTraceError) {
            let counts = try GoTraceScanner.count(bytes.bytes)
            guard let expected else { return "accepted" }
            guard counts.batches == expected.batches, counts.generations == expected.generations,
                counts.records == expected.counts.values.reduce(0, +),
                expected.counts.allSatisfy({ counts[GoTraceKind(rawValue: $0.key)] == $0.value })
            else { return "counts differ" }
            return nil
        } catch {
            if expected != nil { return "refused: \(error)" }
            return (0...bytes.count).contains(error.offset) ? nil : "offset outside: \(error)"
        }
    }
}
