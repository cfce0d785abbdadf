import ArgumentParser
import Suites

/// What scripts/export-memory exports.
struct LargeTraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench large-trace", abstract: "Writes a native file of a given size; prints its events.",
        shouldDisplay: false)

    @Argument(help: "At least.") var mebibytes: UInt64
    @Argument(help: "Where to.") var path: String

    func run() throws { print(try LargeTrace.write(to: path, byteCount: mebibytes << 20)) }
}
