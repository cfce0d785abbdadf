import Foundation
import Harness

/// This program, started again for what has to have a process of its own: memory, which is full of other suites' data here.
package enum ChildProcess {
    /// Runs `bench` with these arguments and returns the number that it prints.
    ///
    /// - Throws: `VerificationFailure` where it prints none, or ends with another status than 0.
    package static func number(_ arguments: [String], seed: UInt64) throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0, let value = Double(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else {
            throw VerificationFailure("it said: \(text)", at: "bench " + arguments.joined(separator: " "), seed: seed)
        }
        return value
    }
}
