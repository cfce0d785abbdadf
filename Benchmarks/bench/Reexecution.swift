import ConsoleSupport
import Foundation
import Harness

/// Starts this program again, as a release build or with another allocator.
enum Reexecution {
    /// Lets a debug build run after all. For tests of the command line only: results then say "debug".
    static let allowDebug = "BENCH_ALLOW_DEBUG"
    /// Set for the second start, so that there is never a third.
    private static let preloaded = "BENCH_PRELOADED"

    /// A debug build of the rings is ten times slower and says nothing. So it builds a release and becomes that.
    static func useReleaseBuild() {
        #if DEBUG
            guard ProcessInfo.processInfo.environment[allowDebug] == nil else { return }
            guard let binary = releaseBinary() else {
                Console.error("error: this is a debug build, and no package to build a release from was found")
                exit(Status.unusable)
            }
            Console.note(
                "debug build: building the release to run instead (the first time takes minutes)", from: "bench")
            guard build(binary) else {
                Console.error("error: the release build failed")
                exit(Status.unusable)
            }
            execute(binary.path, preload: nil)
            Console.error("error: cannot execute \(binary.path): \(String(cString: strerror(errno)))")
            exit(Status.unusable)
        #endif
    }

    /// Becomes the same program with jemalloc preloaded, which can count allocations. Returns where that cannot be.
    static func useJemalloc() {
        #if os(Linux)
            guard getenv(preloaded) == nil else {
                // Otherwise every child process, such as git, would be given jemalloc too.
                unsetenv(preloaded)
                unsetenv("LD_PRELOAD")
                return
            }
            guard getenv("LD_PRELOAD") == nil, let library = jemalloc() else { return }
            setenv(preloaded, "1", 1)
            execute("/proc/self/exe", preload: library)
            unsetenv(preloaded)
        #endif
    }

    private static func jemalloc() -> String? {
        #if arch(x86_64)
            let triple = "x86_64-linux-gnu"
        #else
            let triple = "aarch64-linux-gnu"
        #endif
        let directories = ["/usr/lib/\(triple)", "/lib/\(triple)", "/usr/lib64", "/usr/lib", "/usr/local/lib"]
        return directories.map { $0 + "/libjemalloc.so.2" }.first { access($0, R_OK) == 0 }
    }

    /// Returns only where it fails.
    private static func execute(_ path: String, preload: String?) {
        if let preload { setenv("LD_PRELOAD", preload, 1) }
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv(path, arguments)
        if preload != nil { unsetenv("LD_PRELOAD") }
    }

    private struct Binary {
        var package: String
        var scratch: String?
        var path: String
    }

    /// Where the release build of this package goes: beside this one's directory, if that is SwiftPM's layout.
    private static func releaseBinary() -> Binary? {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let executable = URL(fileURLWithPath: executablePath())
        let products = executable.deletingLastPathComponent()
        guard
            let package = Repository.packageRoot(above: source) ?? Repository.packageRoot(above: products.path)
                ?? Repository.packageRoot(above: FileManager.default.currentDirectoryPath)
        else { return nil }
        guard products.lastPathComponent == "debug" else {
            return Binary(package: package, scratch: nil, path: package + "/.build/release/bench")
        }
        let triple = products.deletingLastPathComponent()
        return Binary(
            package: package, scratch: triple.deletingLastPathComponent().path,
            path: triple.appendingPathComponent("release/bench").path)
    }

    private static func executablePath() -> String {
        #if os(Linux)
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        #else
            Bundle.main.executablePath ?? CommandLine.arguments[0]
        #endif
    }

    private static func build(_ binary: Binary) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["swift", "build", "-c", "release", "--product", "bench", "--package-path", binary.package]
            + (binary.scratch.map { ["--scratch-path", $0] } ?? [])
        process.standardOutput = FileHandle.standardError
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
