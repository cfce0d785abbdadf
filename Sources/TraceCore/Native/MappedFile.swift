#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A regular file, mapped to be read.
///
/// Another process that shortens the file meanwhile makes later reads fail with SIGBUS: that is a file nobody is
/// writing, such as one of ``PartialFile``, which changes by being replaced. Any thread.
public struct MappedFile: ~Copyable, @unchecked Sendable {
    private let buffer: UnsafeRawBufferPointer

    /// Throws ``FileError``, among others for a symbolic link, and for what is not a regular file.
    public init(path: String) throws(FileError) {
        // Without O_NONBLOCK a pipe would make this wait for a writer.
        let descriptor = uninterrupted { open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { throw FileError.last("open", file: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.last("fstat", file: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(.notARegularFile, file: path) }
        guard let byteCount = Int(exactly: status.st_size), byteCount >= 0 else {
            throw FileError(.failed(call: "mmap", code: EFBIG), file: path)
        }
        guard byteCount > 0 else {
            buffer = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard base != MAP_FAILED else { throw FileError.last("mmap", file: path) }
        buffer = UnsafeRawBufferPointer(start: base, count: byteCount)
    }

    deinit {
        if let base = buffer.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), buffer.count) }
    }

    public var byteCount: Int { buffer.count }

    /// Gives back the memory that the mapping has taken so far; what is looked at again is read again. Whoever passes over a
    /// large file calls it now and then, and takes no memory for the file. Any thread; a system call.
    public borrowing func forgetPages() {
        guard let base = buffer.baseAddress else { return }
        // A private mapping that nobody writes to: what is dropped is read from the file again.
        madvise(UnsafeMutableRawPointer(mutating: base), buffer.count, MADV_DONTNEED)
    }

    /// Calls `body` with the bytes of the file. They are read from it as they are looked at.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(buffer.bytes)
    }
}
