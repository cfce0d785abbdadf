import Foundation
import Testing

/// The `flightrec` that was built with the tests, as a script calls it.
enum Program {
    static let path: String? = {
        #if os(Linux)
            let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? ""
        #endif
        let path = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("flightrec").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// Another program that was built with the tests.
    static func beside(_ name: String) throws -> String {
        URL(fileURLWithPath: try #require(path)).deletingLastPathComponent().appendingPathComponent(name).path
    }

    struct Result {
        var status: Int32
        var output: Data
        var error: String

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    static func run(_ arguments: [String], in directory: String = NSTemporaryDirectory()) throws -> Result {
        try run(try #require(path), arguments, in: directory)
    }

    /// Any program: an oracle.
    static func run(_ program: String, _ arguments: [String], in directory: String) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        let (output, error) = (Pipe(), FileHandle(forWritingAtPath: "/dev/null")!)
        // Standard error goes to a file: it cannot fill a pipe that nobody reads.
        let scratch = try TemporaryDirectory()
        let errors = try scratch.write([], to: "errors")
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: errors) ?? error
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let text = try scratch.text(of: "errors")
        #expect(
            process.terminationReason == .exit, "\(program) \(arguments): ended by signal \(process.terminationStatus)")
        return Result(status: process.terminationStatus, output: data, error: text)
    }
}
