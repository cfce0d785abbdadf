import BenchLoad
import FlightRecording
import Foundation
import Harness

/// One run: snapshots to different places and bare writes of as many bytes, in turns, while writers emit.
struct SnapshotRun {
    enum Figure: Hashable {
        case discard, byteCount, share
        case tmpfs, tmpfsOverWrite
        case barePages, bareGathered
        case disk
    }

    let byteCount: Int
    let writers: Int
    let turns: Int
    let withDisk: Bool

    func run(seed: UInt64, _ bare: BareWrite) throws -> [Figure: Double] {
        let memory = try RunDirectory.memory()
        let disk = try RunDirectory.disk()
        let stage = try RecorderStage(byteCount: byteCount, writers: writers, seed: seed)
        // Not timed: the first of its kind, and the size of the bare writes.
        var last = try stage.write(to: memory.newPath())
        var taken = [last]
        var values: [Figure: [Double]] = [:]
        for turn in 0..<turns {
            var works: [Figure] = [.discard, .tmpfs, .barePages, .bareGathered]
            let first = (turn + Int(seed % 4)) % works.count
            works = Array(works[first...] + works[..<first])
            for work in works {
                RecorderStage.pause()
                switch work {
                case .discard:
                    let snapshot = try stage.discard()
                    taken.append(snapshot)
                    values[.discard, default: []].append(snapshot.nanoseconds)
                    values[.byteCount, default: []].append(Double(snapshot.report.byteCount))
                    values[.share, default: []].append(
                        Double(snapshot.batchByteCount) / Double(arenaByteCount))
                case .tmpfs:
                    last = try stage.write(to: memory.newPath())
                    taken.append(last)
                    values[.tmpfs, default: []].append(last.nanoseconds)
                default:
                    let together = work == .barePages ? 1 : 64
                    let nanoseconds = try write(
                        bare, Int(last.report.byteCount), together: together, memory.newPath(), seed)
                    values[work, default: []].append(nanoseconds)
                }
            }
        }
        if withDisk {
            let snapshot = try stage.write(to: disk.newPath(), synchronized: true)
            taken.append(snapshot)
            values[.disk] = [snapshot.nanoseconds]
        }
        try stage.decodeInPlace()
        stage.load.stop()
        for snapshot in taken { try snapshot.verify(stage.check) }
        var figures = values.mapValues(\.median)
        if let tmpfs = figures[.tmpfs], let pages = figures[.barePages], let gathered = figures[.bareGathered] {
            figures[.tmpfsOverWrite] = tmpfs / min(pages, gathered)
        }
        return figures
    }

    private var arenaByteCount: Int { byteCount / (16 << 10) * (16 << 10) }

    /// Nanoseconds of a bare write, which is checked and removed.
    private func write(
        _ bare: BareWrite, _ byteCount: Int, together: Int, _ path: String, _ seed: UInt64
    ) throws -> Double {
        let byteCount = min(byteCount, self.byteCount)
        let start = Ticks.now()
        try bare.write(byteCount, together: together, to: path)
        let end = Ticks.now()
        try bare.check(byteCount, at: path, seed: seed)
        unlink(path)
        return Ticks.nanoseconds(from: start, to: end)
    }
}
