#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Trace files of one prefix in a directory, and how many of them are kept.
struct TraceFileDirectory: Sendable {
    let path: String
    let prefix: String
    let maximumFiles: Int
    let maximumBytes: Int

    /// Deletes the oldest files that are too many; returns how many. The newest stays in any case, and so does one that cannot
    /// be deleted.
    ///
    /// - Parameter newest: its name. Others may have later ones, where the wall clock went back.
    @discardableResult
    func deleteOldest(newest: String) -> Int {
        var files = finished()
        var total = files.reduce(0) { $0 + $1.byteCount }
        if let index = files.firstIndex(where: { $0.name == newest }) { files.append(files.remove(at: index)) }
        var deleted = 0
        while files.count > 1, files.count > maximumFiles || total > maximumBytes {
            let oldest = files.removeFirst()
            total -= oldest.byteCount
            if unlink(path(oldest.name)) == 0 { deleted += 1 }
        }
        return deleted
    }

    func path(_ name: String) -> String { path + "/" + name }

    /// Names ascend with time. Not what only looks like one of them: a link may lead anywhere.
    private func finished() -> [(name: String, byteCount: Int)] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var files: [(name: String, byteCount: Int)] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var status = stat()
            guard TraceFileName.isOne(name, prefix: prefix), lstat(path(name), &status) == 0,
                status.st_mode & S_IFMT == S_IFREG
            else { continue }
            files.append((name, Int(status.st_size)))
        }
        return files.sorted { $0.name < $1.name }
    }
}
