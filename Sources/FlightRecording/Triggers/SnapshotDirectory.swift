internal import CPlatform
internal import TraceCore

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Where triggers leave their snapshots: named by time and reason, the oldest deleted beyond a budget.
///
/// Only files of this pattern are counted and deleted: `prefix-20261125T171608.123456Z-reason.frec`. Names sort by time.
struct SnapshotDirectory: Sendable {
    let path: String
    let prefix: String
    let maximumFiles: Int
    let maximumBytes: UInt64

    /// The path of a new file. `wall` in nanoseconds since 1970.
    func newPath(wall: Int64, reason: String) -> String {
        "\(path)/\(prefix)-\(Self.time(wall))-\(Self.slug(reason)).frec"
    }

    /// Deletes the oldest files until the budget is kept, but never the newest.
    ///
    /// - Throws: `FileError`, where the directory cannot be read or a file cannot be deleted.
    func keepBudget() throws {
        var files = try files()
        var bytes = files.reduce(0) { $0 &+ $1.byteCount }
        while files.count > 1, files.count > maximumFiles || bytes > maximumBytes {
            let oldest = files.removeFirst()
            guard unlink("\(path)/\(oldest.name)") == 0 || errno == ENOENT else {
                throw FileError(.failed(call: "unlink", code: errno), file: "\(path)/\(oldest.name)")
            }
            bytes &-= oldest.byteCount
        }
    }

    /// Ours, the oldest first.
    private func files() throws -> [(name: String, byteCount: UInt64)] {
        guard let directory = opendir(path) else { throw FileError(.failed(call: "opendir", code: errno), file: path) }
        defer { closedir(directory) }
        var found: [(name: String, byteCount: UInt64)] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard isOurs(name) else { continue }
            var status = stat()
            // Not a link: what it leads to is not ours.
            guard lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            found.append((name, UInt64(max(0, status.st_size))))
        }
        return found.sorted { $0.name < $1.name }
    }

    private func isOurs(_ name: String) -> Bool {
        guard name.hasPrefix(prefix + "-"), name.hasSuffix(".frec") else { return false }
        let time = name.dropFirst(prefix.count + 1).prefix(Self.pattern.count)
        return time.count == Self.pattern.count
            && zip(time, Self.pattern).allSatisfy { $1 == "0" ? $0.isASCII && $0.isNumber : $0 == $1 }
    }

    private static let pattern = "00000000T000000.000000Z-"

    static func time(_ wall: Int64) -> String {
        var seconds = time_t(wall.quotientFloored(by: 1_000_000_000))
        let micros = Int((wall - Int64(seconds) * 1_000_000_000) / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func pad(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day = pad(Int(parts.tm_year) + 1900, 4) + pad(Int(parts.tm_mon) + 1, 2) + pad(Int(parts.tm_mday), 2)
        let time = pad(Int(parts.tm_hour), 2) + pad(Int(parts.tm_min), 2) + pad(Int(parts.tm_sec), 2)
        return "\(day)T\(time).\(pad(micros, 6))Z"
    }

    /// Letters, digits and dashes of a reason, at most 64: nothing that means something to a file system or a shell.
    static func slug(_ reason: String) -> String {
        let kept = reason.utf8.prefix(64).map { byte -> Character in
            let character = Character(UnicodeScalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
        }
        return kept.isEmpty ? "none" : String(kept)
    }
}

extension Int64 {
    fileprivate func quotientFloored(by divisor: Int64) -> Int64 {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }
}
