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
    }

    /// A new file at `path`, for its owner only; the mapping's content outlives the process. Its space is reserved here:
    /// a full disk is an error now, not a signal at some emit.
    ///
    /// - Throws: ``ArenaError/system(call:code:byteCount:)``, with EEXIST where there is a file, and no file is left behind.
    init(byteCount: Int, newFile path: String) throws(ArenaError) {
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system(call: "open", code: errno, byteCount: byteCount) }
        defer { close(file) }
        var failure: ArenaError?
        var mapped: UnsafeMutableRawPointer?
        #if canImport(Darwin)
            let code = ftruncate(file, off_t(byteCount)) == 0 ? 0 : errno
        #else
            let code = posix_fallocate(file, 0, off_t(byteCount))
        #endif
        if code != 0 {
            failure = .system(call: "posix_fallocate", code: code, byteCount: byteCount)
        } else {
            mapped = cplatform_map(byteCount, file)
            if mapped == nil { failure = .system(call: "mmap", code: errno, byteCount: byteCount) }
        }
        guard let mapped else {
            unlink(path)
            throw failure!
        }
        base = mapped
        self.byteCount = byteCount
    }

    /// Gives the memory of a range back until somebody writes to it. It holds zeros, and is not a file's.
    func untouch(_ range: Range<Int>) { cplatform_untouch(base + range.lowerBound, range.count) }

    /// False in a forked child, where nothing is mapped at `base`.
    var isMapped: Bool { cplatform_fork_count() == forks }

    deinit {
        if isMapped { cplatform_unmap(base, byteCount) }
    }
}
