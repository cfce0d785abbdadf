import Foundation
import Testing
import TraceCore
import TraceFormats
import TraceTestSupport

/// What another reader of Fuchsia's format finds in exports, against what the timeline told.
@Suite struct FXTOracleTests {
    @Test(
        .enabled(if: ExportOracle.fxt.isEnabled, "needs the fxt package: scripts/oracles fxt"),
        .timeLimit(.minutes(60)))
    func anEventIsMissingOrDiffers() throws {
        var seen: Set<ExportTests.Case> = []
        try ExportTests.forEachPortion("fxt: the fxt package") { files, directory in
            var paths: [String] = []
            for (number, file) in files.enumerated() {
                let url = directory.url.appending(path: "\(number).fxt")
                try Data(Self.export(file)).write(to: url)
                paths.append(url.path)
            }
            let found = try ExportOracle.fxt.read(paths)
            #expect(found.count == files.count)
            for (number, lines) in found.enumerated() {
                let sink = try CollectingSink.collect(files[number])
                seen.formUnion(sink.items.map { .init($0.what) })
                let spans = sink.items.count { if case .spanBegin = $0.what { true } else { false } }
                ExportTests.expectEqual(lines, Self.lines(sink) + ["spans \(spans)"], "file \(number)")
            }
        }
        #expect(seen == Set(ExportTests.Case.allCases))
    }

    static func export(_ file: [UInt8]) throws -> [UInt8] {
        let bytes = file.span.bytes
        var exporter = FXTExporter(to: MemorySink())
        try Timeline.run(TraceIndex(bytes), in: bytes, into: &exporter)
        return try exporter.finish().bytes
    }

    /// The lines of `fxt-dump.py`.
    private static func lines(_ sink: CollectingSink) -> [String] {
        let context = sink.context!
        let process = context.processName.isEmpty ? "process \(context.processID)" : context.processName
        return sink.items.map { item in
            let thread = context.threads[item.thread]
            var arguments = item.arguments.map { argument in
                let name = argument.unit.isEmpty ? argument.name : "\(argument.name) (\(argument.unit))"
                return "\(ExportTests.escaped(name))=\(value(argument.value))"
            }
            if arguments.count > 13 {
                let rest = item.arguments[13...].map { "\($0.name)=\($0.value.number!.description.dropLast(2))" }
                arguments[13...] = ["more=s" + ExportTests.escaped(rest.joined(separator: " "))]
            }
            var (name, category, number) = (item.name, item.category, "")
            let kind: String
            switch item.what {
            case .spanBegin(let isCutOff):
                kind = "begin"
                if isCutOff { arguments.append("cut off=b1") }
            case .spanEnd(let isUnfinished):
                kind = "end"
                if isUnfinished { arguments.append("unfinished=b1") }
            case .asyncBegin(let span, let isCutOff):
                kind = "asyncBegin"
                number = "\(span.number)"
                if isCutOff { arguments.append("cut off=b1") }
                if let name = span.taskName { arguments.append("task name=s\(ExportTests.escaped(name))") }
            case .asyncEnd(let span, let isUnfinished):
                kind = "asyncEnd"
                number = "\(span.number)"
                if isUnfinished { arguments.append("unfinished=b1") }
            case .instant: kind = "instant"
            case .counter: kind = "counter"
            case .flow(let flow):
                kind = "\(item.kind)"
                number = "\(flow)"
            case .lost(let from, let count):
                (kind, name, category) = ("instant", "lost events", "flight recorder")
                arguments = ["count=n\(count)", "since=n\(from)"]
            }
            return [
                "\(item.time)", kind, ExportTests.escaped(process),
                ExportTests.escaped(thread.name.isEmpty ? "thread \(thread.id)" : thread.name),
                ExportTests.escaped(category), ExportTests.escaped(name), arguments.joined(separator: ","), number,
            ].joined(separator: "|")
        }
    }

    private static func value(_ value: ArgumentValue) -> String {
        switch value {
        case .unsigned(let number), .pointer(let number): "n\(number)"
        case .signed(let number): "n\(number)"
        case .double(let number): "d" + ExportTests.hexadecimal(number.bitPattern, digits: 16)
        case .float(let number): "d" + ExportTests.hexadecimal(Double(number).bitPattern, digits: 16)
        case .boolean(let value): value ? "b1" : "b0"
        case .staticString(let text): "s" + ExportTests.escaped(text)
        case .string(let text, let isTruncated): "s" + ExportTests.escaped(isTruncated ? text + "…" : text)
        }
    }
}
