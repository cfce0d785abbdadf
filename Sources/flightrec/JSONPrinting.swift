import Foundation
import TraceFormats

/// The results of commands with `--json`: keys are a contract with scripts. Times are ISO 8601, durations nanoseconds.
enum JSONPrinting {
    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(value)
        data.append(UInt8(ascii: "\n"))
        try FileHandle.standardOutput.write(contentsOf: data)
    }

    static func time(_ nanoseconds: Int64) -> String { WallTime(nanoseconds: nanoseconds).text }
}
