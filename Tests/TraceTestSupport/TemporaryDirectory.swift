public import Foundation

/// A directory that goes with its last user.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "flight-recorder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    public var url: URL { URL(filePath: path) }

    /// The names of what is in it.
    public var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? ["?"]).sorted() }

    /// The path of a file in it, which may or may not be there.
    public func file(_ name: String) -> String { path + "/" + name }

    public func read(_ name: String) throws -> [UInt8] {
        // Foundation's own readers of whole files leak a buffer where there is nothing in them.
        let handle = try FileHandle(forReadingFrom: url.appending(path: name))
        return [UInt8](try handle.readToEnd() ?? Data())
    }

    public func text(of name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

    /// Returns the file's path.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }
}
