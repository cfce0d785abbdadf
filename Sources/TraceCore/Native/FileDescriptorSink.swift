#if canImport(Glibc)
    package import Glibc
#elseif canImport(Musl)
    package import Musl
#else
    package import Darwin
#endif

/// Writes to a file descriptor that somebody else owns: a file, a pipe, a socket.
///
/// A write that the system cuts short is continued, and one that a signal interrupts is made again. All else is a
/// ``FileError``, also a descriptor that does not block and is full. A pipe or socket that nobody reads any more raises
/// SIGPIPE, unless the process ignores that. One thread at a time.
public struct FileDescriptorSink: ByteSink, Sendable {
    public let descriptor: Int32
    /// Names the file in errors.
    public let name: String
    /// Bytes that the system has taken, those of a write that failed later included.
    public private(set) var byteCount: UInt64 = 0

    public init(_ descriptor: Int32, name: String? = nil) {
        self.descriptor = descriptor
        self.name = name ?? "descriptor \(descriptor)"
    }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        try write(bytes, nothing, nothing)
    }

    /// One `writev` for each ``maximumParts``, if the system takes all at once: nothing is copied together.
    public mutating func write(gathering runs: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws {
        let descriptor = descriptor
        var rest = runs[...]
        while !rest.isEmpty {
            try gather(UnsafeBufferPointer(rebasing: rest.prefix(Self.maximumParts))) { writev(descriptor, $0, $1) }
            rest = rest.dropFirst(Self.maximumParts)
        }
    }

    /// Runs that go into one call. No system takes fewer than 16; all that this builds for take 1024.
    private static var maximumParts: Int { 64 }

    /// One `writev`, if the system takes all at once: nothing is copied together.
    public mutating func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer
    ) throws {
        let descriptor = descriptor
        try gather(first, second, third) { writev(descriptor, $0, $1) }
    }

    /// The loop around `system`, which is `writev` but for its descriptor: a test puts another in its place.
    package mutating func gather(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer,
        through system: (UnsafePointer<iovec>, Int32) -> Int
    ) throws {
        try withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: 3) { runs in
            runs[0] = first
            runs[1] = second
            runs[2] = third
            try gather(UnsafeBufferPointer(runs), through: system)
        }
    }

    /// The same for any number of runs that go into one call.
    package mutating func gather(
        _ runs: UnsafeBufferPointer<UnsafeRawBufferPointer>, through system: (UnsafePointer<iovec>, Int32) -> Int
    ) throws {
        let count = runs.count
        try withUnsafeTemporaryAllocation(of: iovec.self, capacity: count) { parts in
            for index in 0..<count { parts[index] = Self.part(runs[index]) }
            var index = 0
            while true {
                while index < count, parts[index].iov_len == 0 { index += 1 }
                guard index < count else { return }
                let taken = system(parts.baseAddress! + index, Int32(count - index))
                if taken > 0 {
                    byteCount += UInt64(taken)
                    Self.drop(taken, from: parts, &index)
                } else if taken == 0 || errno != EINTR {
                    // No bytes and no error would go on for ever.
                    let code = taken == 0 ? EIO : errno
                    throw FileError(.failed(call: "writev", code: code), file: name, offset: byteCount)
                }
            }
        }
    }

    private static func part(_ bytes: UnsafeRawBufferPointer) -> iovec {
        iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }

    /// Takes the first `byteCount` bytes off the parts from `index` on.
    private static func drop(_ byteCount: Int, from parts: UnsafeMutableBufferPointer<iovec>, _ index: inout Int) {
        var byteCount = byteCount
        while byteCount > 0 {
            let step = min(byteCount, parts[index].iov_len)
            parts[index].iov_base = parts[index].iov_base.map { $0 + step }
            parts[index].iov_len -= step
            byteCount -= step
            if parts[index].iov_len == 0 { index += 1 }
        }
    }
}
