internal import CPlatform

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The memory of an arena: anonymous, or a file's. All of it is there from the start, or from when a thread takes a lane, so
/// that no emit waits for a page.
final class ArenaMapping: Sendable {
    nonisolated(unsafe) let base: UnsafeMutableRawPointer
    let byteCount: Int
    private let file: RingFile?
    private let forks = cplatform_fork_count()

    /// Zeroed memory.
    ///
    /// - Throws: ``ArenaError/system(call:code:byteCount:)``.
    init(byteCount: Int) throws(ArenaError) {
        guard let base = cplatform_map(byteCount, -1) else {
            throw .system(call: "mmap", code: errno, byteCount: byteCount)
        }
        self.base = base
        self.byteCount = byteCount
        file = nil
    }

    /// A new file, to be at `path` once ``publish()`` gives it its name; the mapping's content outlives the process. Its space is
    /// reserved here: a full disk is an error now, not a signal at some emit.
    ///
    /// - Throws: ``ArenaError``, and no file is left behind.
    init(byteCount: Int, newFile path: String) throws(ArenaError) {
        let file = try RingFile(path: path, byteCount: byteCount)
        guard let base = cplatform_map(byteCount, file.descriptor) else {
            let code = errno
            file.abandon()
            throw .file(path: path, call: "mmap", code: code)
        }
        self.base = base
        self.byteCount = byteCount
        self.file = file
    }

    /// Gives the file its name, once it is formatted. After an error nothing is left behind.
    func publish() throws(ArenaError) {
        do throws(ArenaError) { try file?.publish() } catch {
            file?.abandonName()
            throw error
        }
    }

    /// Removes the file, which stays mapped. Not in a forked child: it is the parent's.
    func removeFile() { if isMapped { file?.remove() } }

    /// Gives the memory of a range back until somebody writes to it. It holds zeros, and is not a file's.
    func untouch(_ range: Range<Int>) { cplatform_untouch(base + range.lowerBound, range.count) }

    /// False in a forked child, where nothing is mapped at `base`.
    var isMapped: Bool { cplatform_fork_count() == forks }

    deinit {
        if isMapped { cplatform_unmap(base, byteCount) }
        if let file { close(file.descriptor) }
    }
}
