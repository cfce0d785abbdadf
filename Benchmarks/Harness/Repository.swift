import Foundation

/// The package as a working copy. Everything here may be missing: a tarball has no git, a container no working tree.
public enum Repository {
    /// The nearest directory at or above `directory` whose manifest is this package's.
    public static func packageRoot(above directory: String) -> String? {
        var url = URL(fileURLWithPath: directory).standardizedFileURL
        while true {
            let manifest = url.appendingPathComponent("Package.swift").path
            if let text = try? String(contentsOfFile: manifest, encoding: .utf8),
                text.contains("name: \"swift-flight-recorder\"")
            {
                return url.path
            }
            guard url.pathComponents.count > 1 else { return nil }
            url.deleteLastPathComponent()
        }
    }

    /// The commit that `root` is at, "-dirty" where what is built from it has changes; nil without git.
    public static func commit(of root: String) -> String? {
        guard let commit = git(["rev-parse", "--short=12", "HEAD"], in: root), !commit.isEmpty else { return nil }
        // Only what the benchmark is built from: a result file that lies there untracked changes no figure.
        let sources = ["Package.swift", "Sources", "Benchmarks"]
        let changes = git(["status", "--porcelain", "--"] + sources, in: root)
        return changes == "" ? commit : commit + "-dirty"
    }

    private static func git(_ arguments: [String], in directory: String) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", directory] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return nil }
        let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
