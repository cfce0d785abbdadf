#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A file that has its name only once it is whole.
///
/// It is written under a temporary name in the same directory, readable by its owner alone, and ``commit(synchronized:)``
/// gives it its own, in place of a file that has that name already. Without that the temporary file is removed when the
/// value goes: after an error there is nothing under the final name, or what was there before. It is locked (`flock`) as long as it
/// is written: one that is not is what a process left when it ended.
public struct PartialFile: ~Copyable, ByteSink {
    public let path: String
    /// Where the bytes stand until ``commit(synchronized:)``.
    public let temporaryPath: String
    private var sink: FileDescriptorSink
    private var isOpen = true

    /// Creates the temporary file. Throws ``FileError``.
    public init(path: String) throws { try self.init(path: path, temporaryName: nil) }

    /// - Parameter temporaryName: for who wants to find what an earlier process left; another one where it is taken or too long.
    package init(path: String, temporaryName: String?) throws {
        self.path = path
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var name = temporaryName
        while true {
            // Not the final name and something: that may be too long for a name.
            let number = String(UInt64.random(in: 0 ... .max), radix: 16)
            let candidate = directory + (name ?? ".frec-\(getpid())-\(number).partial")
            let descriptor = uninterrupted {
                open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            }
            // Locked by somebody else: who takes it for one that was left, and removes it. Not every file system has locks.
            if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                close(descriptor)
            } else if descriptor >= 0 {
                temporaryPath = candidate
                sink = FileDescriptorSink(descriptor, name: candidate)
                return
            } else if errno != EEXIST, name == nil || errno != ENAMETOOLONG {
                throw FileError.last("open", file: candidate)
            }
            name = nil
        }
    }

    deinit {
        if isOpen {
            close(sink.descriptor)
            unlink(temporaryPath)
        }
    }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws { try sink.write(bytes) }

    public mutating func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer
    ) throws {
        try sink.write(first, second, third)
    }

    public mutating func write(gathering runs: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws {
        try sink.write(gathering: runs)
    }

    /// Closes the file and gives it its name. With `synchronized`, its bytes before and its name after that go through
    /// `fsync`, which takes milliseconds: then they outlive a crash of the system, as far as its medium keeps its word.
    ///
    /// Throws ``FileError``. The temporary file is gone then, and the file has not got its name, with one exception: when
    /// the directory could not be synchronized, the file is in place.
    public consuming func commit(synchronized: Bool = false) throws {
        if synchronized, uninterrupted({ fsync(sink.descriptor) }) != 0 {
            throw FileError.last("fsync", file: temporaryPath)
        }
        isOpen = false
        // Also after an error the descriptor is closed.
        guard close(sink.descriptor) == 0 || errno == EINTR else {
            throw abandoned(FileError.last("close", file: temporaryPath))
        }
        guard rename(temporaryPath, path) == 0 else { throw abandoned(FileError.last("rename", file: path)) }
        if synchronized { try Self.synchronizeDirectory(of: path) }
    }

    /// Removes the temporary file of a descriptor that is closed.
    private func abandoned(_ error: FileError) -> FileError {
        unlink(temporaryPath)
        return error
    }

    private static func synchronizeDirectory(of path: String) throws {
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = uninterrupted { open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw FileError.last("open", file: directory) }
        defer { close(descriptor) }
        // Some file systems cannot: there a rename is as lasting as they make it.
        guard uninterrupted({ fsync(descriptor) }) == 0 || errno == EINVAL else {
            throw FileError.last("fsync", file: directory)
        }
    }
}
