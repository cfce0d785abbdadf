internal import TraceCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The directory of a trace: it has its name only once it is whole.
///
/// Files are made under a temporary name of the directory; without ``commit()`` they are removed when the value goes. A file is
/// open only while something is appended to it, so that a trace may have more streams than a process files.
struct CTFDirectory: ~Copyable {
    let path: String
    private let temporaryPath: String
    private var files: Set<String> = []
    private var isOpen = true

    /// Throws `FileError`.
    init(path: String) throws {
        self.path = path
        while true {
            let number = String(UInt64.random(in: 0 ... .max), radix: 16)
            let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
            let candidate = "\(parent).ctf-\(getpid())-\(number).partial"
            if uninterrupted({ mkdir(candidate, 0o700) }) == 0 {
                temporaryPath = candidate
                return
            }
            guard errno == EEXIST else { throw Self.error("mkdir", candidate) }
        }
    }

    deinit {
        guard isOpen else { return }
        for file in files { unlink("\(temporaryPath)/\(file)") }
        rmdir(temporaryPath)
    }

    /// Appends three runs of bytes to a file. Throws `FileError`.
    mutating func append(
        to file: String, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = .init(start: nil, count: 0)
    ) throws {
        let name = "\(temporaryPath)/\(file)"
        files.insert(file)
        let descriptor = uninterrupted {
            open(name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { throw Self.error("open", name) }
        defer { close(descriptor) }
        var sink = FileDescriptorSink(descriptor, name: name)
        try sink.write(first, second, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Gives the directory its name, in place of an empty one of that name. Throws `FileError`; all is removed then.
    consuming func commit() throws {
        guard rename(temporaryPath, path) == 0 else { throw Self.error("rename", path) }
        isOpen = false
    }

    private static func error(_ call: String, _ file: String) -> FileError {
        FileError(.failed(call: call, code: errno), file: file)
    }
}
