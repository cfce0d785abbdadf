import Foundation
import Harness

/// Where the JSON goes. Made before the run, so that a path that cannot be written is found before minutes are spent.
struct ResultFile {
    private enum Place {
        case named(String)
        case package(String)
        case nowhere
    }

    private let place: Place
    private let start: Date

    /// - Throws: ``UsageError`` where the result could not be written.
    init(json: String?, start: Date) throws {
        self.start = start
        let root = Repository.packageRoot(above: FileManager.default.currentDirectoryPath)
        if let json {
            try Self.checkWritable(json)
            place = .named(json)
        } else if let root {
            let directory = root + "/results/local"
            do {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            } catch { throw UsageError("cannot make \(directory); give --json PATH") }
            guard access(directory, W_OK) == 0 else {
                throw UsageError("cannot write to \(directory); give --json PATH")
            }
            place = .package(directory)
        } else {
            place = .nowhere
        }
    }

    private static func checkWritable(_ path: String) throws {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
            if isDirectory.boolValue { throw UsageError("\(path) is a directory") }
            if access(path, W_OK) != 0 { throw UsageError("cannot write to \(path)") }
        }
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard access(directory, W_OK | X_OK) == 0 else {
            throw UsageError("cannot write to \(path): no such directory, or no permission")
        }
    }

    /// The path to write to; nil for none. A default name is never that of a file that is there.
    func path(commit: String?) throws -> String? {
        switch place {
        case .nowhere: return nil
        case .named(let path): return path
        case .package(let directory):
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(identifier: "UTC")
            format.dateFormat = "yyyy-MM-dd'T'HHmmss"
            let stem = "\(directory)/\(format.string(from: start))-\(commit ?? "unknown")"
            let names = [stem] + (2...).lazy.prefix(1000).map { "\(stem)-\($0)" }
            return names.map { $0 + ".json" }.first { !FileManager.default.fileExists(atPath: $0) }
        }
    }
}
