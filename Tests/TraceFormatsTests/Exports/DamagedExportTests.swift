import Foundation
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// Whatever the bytes: an error or an export, never a trap.
@Suite struct DamagedExportTests {
    private func exportAll(_ file: [UInt8], _ directory: ScratchDirectory) {
        _ = try? FXTOracleTests.export(file)
        _ = try? GoTraceOracleTests.export(file)
        try? CTFOracleTests.export(file, to: directory.url.appending(path: "\(UInt64.random(in: 0 ... .max))").path)
    }

    @Test func aCutFileTraps() throws {
        let directory = try ScratchDirectory()
        for seed in 0..<2 as Range<UInt64> {
            let file = try RandomTrace.file(seed: seed, events: 20)
            for length in stride(from: 0, to: file.count, by: 97) { exportAll(Array(file[..<length]), directory) }
        }
    }

    @Test func aChangedByteTraps() throws {
        let directory = try ScratchDirectory()
        var random = SeededGenerator(seed: 7)
        for seed in 0..<3 as Range<UInt64> {
            let file = try RandomTrace.file(seed: seed, events: 30)
            // Names of 4096 bytes take most of a file: half of the changes hit the batches.
            let index = try TraceIndex(file.span.bytes)
            for change in 0..<20 {
                var damaged = file
                for _ in 0...change % 3 {
                    var place = Int.random(in: 0..<file.count, using: &random)
                    if change % 2 == 0, let batch = index.batches.randomElement(using: &random) {
                        place = Int.random(in: batch.records.lowerBound - 64..<batch.records.upperBound, using: &random)
                    }
                    damaged[place] = UInt8.random(in: 0...255, using: &random)
                }
                exportAll(damaged, directory)
            }
        }
    }
}
