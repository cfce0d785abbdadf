#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What went wrong between a file and the system.
public struct FileError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// A system call and its `errno`.
        case failed(call: String, code: Int32)
        /// A directory, a device, a pipe, or a socket.
        case notARegularFile
    }

    public let reason: Reason
    /// Its path, or what else tells it from others.
    public let file: String
    /// The bytes that the system had taken before, where a write failed.
    public let offset: UInt64?

    public init(_ reason: Reason, file: String, offset: UInt64? = nil) {
        self.reason = reason
        self.file = file
        self.offset = offset
    }

    /// For the calling thread's `errno`.
    static func last(_ call: String, file: String) -> FileError {
        FileError(.failed(call: call, code: errno), file: file)
    }
}

extension FileError: CustomStringConvertible {
    public var description: String {
        let place = offset.map { " at byte \($0)" } ?? ""
        return switch reason {
        case .failed(let call, let code): "\(file): \(call)\(place): \(String(cString: strerror(code))) (\(code))"
        case .notARegularFile: "\(file): not a regular file"
        }
    }
}
