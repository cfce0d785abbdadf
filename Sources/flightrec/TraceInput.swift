import ConsoleSupport
import Foundation
import TraceCore
import TraceFormats

/// A native file that a command reads, without holding it in memory.
final class TraceInput {
    /// As the user wrote it.
    let path: String
    private let file: MappedFile

    /// Links are followed. Throws `FileError`.
    init(_ path: String) throws {
        self.path = path
        var resolved = path
        if let real = realpath(path, nil) {
            resolved = String(cString: real)
            free(real)
        }
        do throws(FileError) {
            file = try MappedFile(path: resolved)
        } catch {
            throw FileError(error.reason, file: path, offset: error.offset)
        }
    }

    var byteCount: Int { file.byteCount }

    func forgetPages() { file.forgetPages() }

    /// Calls `body` with the index of the file and its bytes; errors of content name the file.
    ///
    /// Of a file that ends early, `body` gets what there is. Afterwards ``BadContent`` is thrown, so that the status tells.
    func withIndex<Result>(_ body: (TraceIndex, RawSpan) throws -> Result) throws -> Result {
        try withBytes { bytes in
            let index = try TraceIndex(bytes) { _ in forgetPages() }
            let result = try body(index, bytes)
            if let problem = index.problem { throw problem }
            return result
        }
    }

    func withBytes<Result>(_ body: (RawSpan) throws -> Result) throws -> Result {
        do {
            return try file.withBytes(body)
        } catch let error as NativeFileError {
            throw BadContent(path, error)
        } catch let error as TraceCore.DecodingError {
            throw BadContent(path, error)
        }
    }

    /// The name without its directory and ".frec".
    static func stem(_ path: String) -> String {
        let name = URL(fileURLWithPath: path).lastPathComponent
        return name.hasSuffix(".frec") ? String(name.dropLast(5)) : name
    }
}
