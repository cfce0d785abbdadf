import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// A file that was cut or changed gives an error or an export: exporters crash on none.
@Suite struct ExportRobustnessTests {
    private static func export(_ file: [UInt8]) {
        guard let index = try? TraceIndex(file.span.bytes) else { return }
        var perfetto = PerfettoExporter(to: DiscardingSink())
        try? Timeline.run(index, in: file.span.bytes, into: &perfetto)
        _ = try? perfetto.finish()
        var chrome = ChromeExporter(to: DiscardingSink())
        try? Timeline.run(index, in: file.span.bytes, into: &chrome)
        _ = try? chrome.finish()
    }

    /// Debug builds look at a part of the cuts, of each file another.
    private static func step(_ seed: UInt64) -> Int {
        #if DEBUG
            29
        #else
            1
        #endif
    }

    @Test(arguments: 0..<2 as Range<UInt64>)
    func everyCutIsExportedOrRefused(seed: UInt64) throws {
        let file = try RandomTrace.file(seed: seed, events: 12)
        for length in stride(from: Int(seed), through: file.count, by: Self.step(seed)) {
            Self.export(Array(file[..<length]))
        }
    }

    @Test(arguments: 0..<2 as Range<UInt64>)
    func everyChangedByteIsExportedOrRefused(seed: UInt64) throws {
        var file = try RandomTrace.file(seed: seed, events: 12)
        var random = SeededGenerator(seed: seed)
        for place in stride(from: Int(seed), to: file.count, by: Self.step(seed)) {
            let byte = file[place]
            for changed in [byte ^ 1 << UInt8(random.next() % 8), UInt8(truncatingIfNeeded: random.next()), 0xFF] {
                file[place] = changed
                Self.export(file)
            }
            file[place] = byte
        }
    }
}
