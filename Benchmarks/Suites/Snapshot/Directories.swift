import Foundation

/// A directory for files of one run, which goes with this value.
final class RunDirectory {
    let path: String
    private var count = 0

    /// Memory, where the system has a file system of it; else the same as ``disk()``.
    static func memory() throws -> RunDirectory {
        try RunDirectory(in: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path)
    }

    /// Where temporary files go.
    static func disk() throws -> RunDirectory { try RunDirectory(in: FileManager.default.temporaryDirectory.path) }

    private init(in parent: String) throws {
        path = parent + "/bench-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A name that no file has.
    func newPath() -> String {
        count += 1
        return path + "/\(count)"
    }
}
