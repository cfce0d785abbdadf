/// How much of what a trace holds.
public struct GoTraceCounts: Equatable, Sendable {
    /// Whole generations.
    public internal(set) var generations = 0
    /// Batches, structural and experimental ones included.
    public internal(set) var batches = 0
    /// Records of all kinds, structural ones included: each batch's header and each end of generation is one.
    public internal(set) var records: UInt64 = 0

    private var byKind = InlineArray<256, UInt64>(repeating: 0)

    public init() {}

    /// Records of one kind. Complexity: O(1).
    public subscript(kind: GoTraceKind) -> UInt64 {
        byKind.span[Int(kind.rawValue)]
    }

    /// The kinds that occur, by ascending number. Complexity: allocates; meant for printing.
    public var kinds: [(kind: GoTraceKind, count: UInt64)] {
        GoTraceKind.allKnown.map { ($0, self[$0]) }.filter { $0.1 > 0 }
    }

    mutating func add(_ kind: GoTraceKind, _ count: UInt64 = 1) {
        byKind[Int(kind.rawValue)] += count
        records += count
    }

    public static func == (left: Self, right: Self) -> Bool {
        guard left.generations == right.generations, left.batches == right.batches, left.records == right.records
        else { return false }
        // A subscript of the array itself copies all of it each time.
        let (mine, others) = (left.byKind.span, right.byKind.span)
        for index in 0..<256 where mine[index] != others[index] { return false }
        return true
    }
}

/// What could be read of a trace, and what ended the reading.
public struct GoTraceSurvey: Sendable {
    /// What the generations hold that are whole.
    public internal(set) var counts = GoTraceCounts()
    /// Nil if all of the input was read.
    public internal(set) var error: GoTraceError?
}

extension GoTraceScanner {
    /// Counts the records of `bytes` by kind, each one checked.
    ///
    /// Throws: the first ``GoTraceError`` in the order of the bytes. ``survey(_:)`` gives what comes before it.
    ///
    /// Complexity: O(bytes), one pass (a second one to locate an error), without allocation.
    public static func count(_ bytes: RawSpan) throws(GoTraceError) -> GoTraceCounts {
        if let counts = LaneCounter.count(bytes) { return counts }
        let survey = survey(bytes)
        if let error = survey.error { throw error }
        return survey.counts
    }

    /// Counts what the whole generations of `bytes` hold, up to the first error.
    ///
    /// A trace that was cut off loses its last generation and yields the others. Complexity: O(bytes), one pass, without
    /// allocation.
    public static func survey(_ bytes: RawSpan) -> GoTraceSurvey {
        var survey = GoTraceSurvey()
        var running = GoTraceCounts()
        do throws(GoTraceError) {
            var scanner = try GoTraceScanner(bytes)
            defer {
                // The end of the input, and damage behind a generation, can both complete it.
                if scanner.generations > survey.counts.generations {
                    survey.counts = running
                    survey.counts.generations = scanner.generations
                }
            }
            while let batch = try scanner.nextBatch(in: bytes) {
                // A batch that opens a generation closes the one before, without being part of it.
                if batch.content != .endOfGeneration, scanner.generations > survey.counts.generations {
                    survey.counts = running
                    survey.counts.generations = scanner.generations
                }
                running.add(batch.kind)
                guard batch.content != .endOfGeneration else {
                    survey.counts = running
                    survey.counts.generations = scanner.generations
                    continue
                }
                running.batches += 1
                var records = GoTraceRecordCursor(batch)
                while let record = try records.next(in: bytes) {
                    running.add(record.kind)
                }
            }
        } catch {
            survey.error = error
        }
        return survey
    }
}
