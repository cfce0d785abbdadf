internal import CPlatform

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The file of an arena, held open by the process that records into it.
///
/// Its owner holds a record lock on all of it: the system takes that back when the process ends, however it does, and a forked
/// child does not have it. So whether somebody records into a file is known without trusting the number of a process, which
/// comes again. (A process that opens and closes its own file by other means gives its lock up: POSIX will have it so.)
///
/// The file has its name only once it is locked and formatted. Otherwise, somebody who moves leftovers away takes it for one.
struct RingFile: Sendable {
    let descriptor: Int32
    let path: String
    private let temporaryPath: String

    /// A file of `byteCount` bytes, all of which are there, for its owner only, with no name that anybody looks for.
    ///
    /// - Throws: ``ArenaError/fileExists(path:)``, ``ArenaError/file(path:call:code:)``; nothing is left behind.
    init(path: String, byteCount: Int) throws(ArenaError) {
        var status = stat()
        // Before the space is taken. What comes into being meanwhile, `publish` finds.
        guard lstat(path, &status) != 0 else { throw .fileExists(path: path) }
        self.path = path
        temporaryPath = path + ".\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 16)).new"
        descriptor = uninterrupted { [temporaryPath] in
            open(temporaryPath, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { throw .file(path: path, call: "open", code: errno) }
        let code = cplatform_reserve(descriptor, byteCount)
        if code != 0 { throw abandoned("posix_fallocate", code) }
        if let code = Self.lock(descriptor) { throw abandoned("fcntl", code) }
    }

    /// Gives the file its name, unless there is something of that name.
    func publish() throws(ArenaError) {
        if link(temporaryPath, path) != 0 {
            let code = errno
            if code == EEXIST { throw .fileExists(path: path) }
            throw .file(path: path, call: "link", code: code)
        }
        guard unlink(temporaryPath) != 0 else { return }
        // With two names, its space would stay taken when the first is gone.
        let code = errno
        unlink(path)
        throw .file(path: path, call: "unlink", code: code)
    }

    /// Ends the hold, of a file that never had its name.
    func abandon() {
        abandonName()
        close(descriptor)
    }

    func abandonName() { unlink(temporaryPath) }

    private func abandoned(_ call: String, _ code: Int32) -> ArenaError {
        abandon()
        return .file(path: path, call: call, code: code)
    }

    /// Removes the file, if the name is still this one's.
    func remove() {
        var named = stat()
        var held = stat()
        guard lstat(path, &named) == 0, fstat(descriptor, &held) == 0, named.st_ino == held.st_ino,
            named.st_dev == held.st_dev
        else { return }
        unlink(path)
    }

    /// Moves a file that no process that lives records into to another path; does nothing where there is none.
    ///
    /// - Throws: ``ArenaError/fileInUse(path:process:)``, ``ArenaError/fileExists(path:)`` with the new path,
    ///   ``ArenaError/file(path:call:code:)``.
    static func moveLeftover(at path: String, to other: String) throws(ArenaError) {
        let descriptor = uninterrupted { open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw .file(path: path, call: "open", code: errno)
        }
        defer { close(descriptor) }
        if let process = owner(of: descriptor) { throw .fileInUse(path: path, process: process) }
        // Held over the move: of two that move at the same time, the second finds nothing, or the first's file, and leaves it.
        if let code = lock(descriptor) { throw .file(path: path, call: "fcntl", code: code) }
        guard link(path, other) == 0 else {
            let code = errno
            if code == EEXIST { throw .fileExists(path: other) }
            if code == ENOENT { return }
            throw .file(path: other, call: "link", code: code)
        }
        guard unlink(path) != 0, errno != ENOENT else { return }
        let code = errno
        unlink(other)
        throw .file(path: path, call: "unlink", code: code)
    }

    /// The process that records into a file, or nil. Never the calling one, whose own lock it does not see.
    static func owner(of descriptor: Int32) -> Int32? {
        var lock = wholeFile()
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        return Int32(lock.l_pid)
    }

    private static func lock(_ descriptor: Int32) -> Int32? {
        var lock = wholeFile()
        return uninterrupted { fcntl(descriptor, F_SETLK, &lock) } == 0 ? nil : errno
    }

    private static func wholeFile() -> flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }
}
