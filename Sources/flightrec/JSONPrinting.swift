import ConsoleSupport
import TraceFormats

/// The results of commands with `--json`: keys are a contract with scripts. Times are ISO 8601, durations nanoseconds.
enum JSONPrinting {
    static func print(_ value: some Encodable) throws { try Console.print(json: value) }

    static func time(_ nanoseconds: Int64) -> String { WallTime(nanoseconds: nanoseconds).text }
}
