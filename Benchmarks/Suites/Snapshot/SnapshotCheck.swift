import BenchLoad
import FlightRecording
import Harness

/// Throws where a snapshot is not what it says.
struct SnapshotCheck {
    let seed: UInt64

    /// Events of each lane before and after the call: the cut lies between.
    struct Bounds {
        var before: [UInt32: UInt64]
        var after: [UInt32: UInt64] = [:]
    }

    /// Lane by lane, what was found and the gaps make one range without a hole, and it ends at a cut inside the call.
    func account(_ batches: [NotedBatch], _ report: SnapshotReport, _ bounds: Bounds) throws {
        let pages = Dictionary(grouping: batches, by: \.lane).mapValues { $0.sorted { $0.base < $1.base } }
        let lanes = report.lanes.count { $0.content.events > 0 }
        guard pages.count == lanes, batches.count == report.batches else {
            throw failure("\(batches.count) batches of \(pages.count) lanes, told \(report.batches)", "the report")
        }
        for lane in report.lanes {
            let number = lane.content.lane
            var gaps = lane.content.gaps[...]
            var found: UInt64 = 0
            var index: UInt64?
            for page in pages[lane.content.lane] ?? [] {
                if let next = index, next != page.base {
                    guard let gap = gaps.popFirst(), gap.firstIndex == next, next + gap.count == page.base else {
                        throw failure("\(page.base) follows on \(next), which is no gap", "lane \(number)")
                    }
                } else if index == nil, let gap = gaps.first, gap.firstIndex + gap.count == page.base {
                    // The window's oldest page of this lane is lost.
                    gaps.removeFirst()
                }
                found += page.end - page.base
                index = page.end
            }
            guard found == lane.content.events else {
                throw failure("\(found) events, told \(lane.content.events)", "lane \(number)")
            }
            // All of a writer that was off its processor for long is older than the window.
            if index == nil, lane.content.isTruncated, gaps.isEmpty { continue }
            // The last gap is open to the cut.
            let end = gaps.popFirst().map { $0.firstIndex + $0.count } ?? index
            guard gaps.isEmpty, let end else { throw failure("gaps behind the end", "lane \(number)") }
            let low = bounds.before[number] ?? 0
            guard let high = bounds.after[number], low <= end, end <= high else {
                throw failure("ends at \(end), not within \(bounds)", "lane \(number)")
            }
        }
    }

    /// A file on tmpfs or on the disk, byte by byte: the reader's own totals, the report, and each event's number.
    func file(_ path: String, _ report: SnapshotReport, _ bounds: Bounds) throws {
        let file = try MappedFile(path: path)
        guard file.byteCount == report.byteCount else {
            throw failure("\(file.byteCount) bytes, told \(report.byteCount)", path)
        }
        try file.withBytes { bytes in
            var reader = try NativeFileReader(bytes)
            var batches: [Batch] = []
            var lanes: [NativeGenerationEnd.Lane] = []
            while let chunk = try reader.next(in: bytes) {
                switch chunk {
                case .batch(let batch): batches.append(Batch(batch.header, recordsAt: batch.offset))
                case .endOfGeneration(let end): lanes = end.lanes
                default: break
                }
            }
            guard lanes == report.lanes.map(\.content) else { throw failure("other lanes than the report's", path) }
            try account(batches.map { NotedBatch($0.header) }, report, bounds)
            try words(batches, in: bytes, ShapeTable(Array(reader.schemas.values)))
        }
    }

    /// Decodes all records of the batches: each number has to be that of its place in its lane, and of one writer.
    func words(_ batches: [Batch], in bytes: RawSpan, _ shapes: ShapeTable) throws {
        if let wrong = try WordVisitor.check(batches, in: bytes, shapes) { throw failure(wrong, "the records") }
    }

    func failure(_ what: String, _ location: String) -> VerificationFailure {
        VerificationFailure(what, at: location, seed: seed)
    }
}
