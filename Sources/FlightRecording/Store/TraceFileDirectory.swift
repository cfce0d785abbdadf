#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

internal import TraceCore

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

    /// Creates a file of this name, as ``PartialFile`` does.
    func create(_ name: String) throws -> PartialFile {
        try PartialFile(path: path(name), temporaryName: TraceFileName.temporary(name))
    }

    /// Gives the files that a process left when it ended, in the middle of writing, their names: they hold what had been written,
    /// up to where it breaks off, and are kept and deleted as the others. Returns how many.
    func keepLeftovers() -> Int {
        names.compactMap(TraceFileName.finished)
            .filter { TraceFileName.isOne($0, prefix: prefix) }
            .count(where: keepLeftover)
    }

    private func keepLeftover(_ name: String) -> Bool {
        let temporary = path(TraceFileName.temporary(name))
        let descriptor = open(temporary, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        // Who writes it holds the lock.
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            flock(descriptor, LOCK_EX | LOCK_NB) == 0
        else { return false }
        // A link, which fails where somebody has the name.
        let isKept = status.st_size > 0 && link(temporary, path(name)) == 0
        if isKept || status.st_size == 0 { unlink(temporary) }
        return isKept
    }

    /// Names ascend with time. Not what only looks like one of them: a link may lead anywhere.
    private func finished() -> [(name: String, byteCount: Int)] {
        names.filter { TraceFileName.isOne($0, prefix: prefix) }.compactMap { name in
            var status = stat()
            guard lstat(path(name), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            return (name, Int(status.st_size))
        }
    }

    /// Of all that is in the directory, in order.
    private var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.sorted()
    }
}
