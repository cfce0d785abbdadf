import BenchLoad
import FlightRecording
import Foundation
import Harness

/// A loaded recorder, and snapshots of it, to be checked.
final class RecorderStage {
    let load: WordLoad
    let check: SnapshotCheck
    private let loaded: LoadedRecorder
    private var recorder: FlightRecorder { loaded.recorder }

    init(byteCount: Int, writers: Int, timedPhases: Int = 0, seed: UInt64) throws {
        check = SnapshotCheck(seed: seed)
        loaded = try LoadedRecorder(byteCount: byteCount, writers: writers, timedPhases: timedPhases)
        load = loaded.load
    }

    /// A snapshot that a sink forgets.
    func discard() throws -> TakenSnapshot {
        var sink = NotingSink(capacity: loaded.byteCount / 4096)
        let taken = try take { try recorder.snapshot(to: &sink) }
        guard sink.byteCount == taken.report.byteCount else {
            throw check.failure("\(sink.byteCount) bytes came, told \(taken.report.byteCount)", "the sink")
        }
        return taken.with(.noted(sink.batches))
    }

    /// A snapshot to a file of its own, checked and removed later: that takes longer than the snapshot.
    func write(to path: String, synchronized: Bool = false) throws -> TakenSnapshot {
        try take { try recorder.snapshot(to: path, synchronized: synchronized) }.with(.file(path))
    }

    /// A snapshot that is decoded in place, while the writers write.
    func decodeInPlace() throws {
        var noted: [NotedBatch] = []
        let taken = try take {
            try recorder.withSnapshot { snapshot in
                let shapes = ShapeTable(snapshot.schemas)
                return try snapshot.visit { batches, bytes in
                    noted += batches.map { NotedBatch($0.header) }
                    try check.words(batches, in: bytes, shapes)
                }
            }
        }
        try taken.with(.noted(noted)).verify(check)
    }

    private func take(_ body: () throws -> SnapshotReport) throws -> TakenSnapshot {
        var bounds = SnapshotCheck.Bounds(before: LoadedRecorder.events)
        let start = Ticks.now()
        let report = try body()
        let end = Ticks.now()
        bounds.after = LoadedRecorder.events
        return TakenSnapshot(
            nanoseconds: Ticks.nanoseconds(from: start, to: end), report: report, bounds: bounds, content: .noted([]))
    }

    /// Lets the writers run, and the scheduler forget that this thread has just run.
    static func pause() { usleep(3000) }
}

struct TakenSnapshot {
    enum Content {
        case noted([NotedBatch])
        case file(String)
    }

    let nanoseconds: Double
    let report: SnapshotReport
    let bounds: SnapshotCheck.Bounds
    private(set) var content: Content

    init(nanoseconds: Double, report: SnapshotReport, bounds: SnapshotCheck.Bounds, content: Content) {
        self.nanoseconds = nanoseconds
        self.report = report
        self.bounds = bounds
        self.content = content
    }

    func with(_ content: Content) -> TakenSnapshot {
        var taken = self
        taken.content = content
        return taken
    }

    /// Bytes of batches that were noted, headers and records.
    var batchByteCount: UInt64 {
        guard case .noted(let batches) = content else { return 0 }
        return batches.reduce(0) { $0 + UInt64(BatchHeader.byteCount) + UInt64($1.byteCount) }
    }

    /// Throws where it is not what it says. Removes its file.
    func verify(_ check: SnapshotCheck) throws {
        switch content {
        case .noted(let batches): try check.account(batches, report, bounds)
        case .file(let path):
            try check.file(path, report, bounds)
            unlink(path)
        }
    }
}
