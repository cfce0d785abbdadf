public import MemoryAccess

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The sizes of an arena, and where things stand in its mapping:
///
///     0        header: what a reader of the file has to know; the shared words, each in its own 128 bytes
///     4096     slots of open spans across threads, 32 bytes each (AsyncSpanTable.swift)
///     36864    lanes, 384 bytes each: the lane and its stack of open spans
///              state words of the pages, 8 bytes each
///              pages, from a multiple of 4096
///
/// Positions are offsets from the start, so the mapping means the same wherever it lies.
@frozen
public struct ArenaGeometry: Sendable, Hashable {
    /// A power of two, 4 KiB to 64 KiB. Small pages waste less on idle threads and rotate more often.
    public let pageByteCount: Int
    /// How many pages: `pageByteCount * pageCount` is the hard bound of what is kept.
    public let pageCount: Int
    /// How many threads may hold a lane at a time.
    public let laneCapacity: Int

    @inlinable public static var headerByteCount: Int { 4096 }

    /// - Throws: ``ArenaError/geometry(field:value:allowed:)``.
    public init(pageByteCount: Int = 16 << 10, pageCount: Int, laneCapacity: Int = 1024) throws(ArenaError) {
        guard (4096...65536).contains(pageByteCount), pageByteCount.nonzeroBitCount == 1 else {
            throw .geometry(field: "pageByteCount", value: pageByteCount, allowed: "a power of two, 4096 to 65536")
        }
        guard (2...1 << 24).contains(pageCount) else {
            throw .geometry(field: "pageCount", value: pageCount, allowed: "2 to \(1 << 24)")
        }
        guard (1...1 << 16).contains(laneCapacity) else {
            throw .geometry(field: "laneCapacity", value: laneCapacity, allowed: "1 to \(1 << 16)")
        }
        self.pageByteCount = pageByteCount
        self.pageCount = pageCount
        self.laneCapacity = laneCapacity
    }

    /// A geometry of at most `byteCount` bytes of pages.
    ///
    /// - Throws: ``ArenaError/geometry(field:value:allowed:)`` where that is under two pages.
    public init(byteCount: Int, pageByteCount: Int = 16 << 10, laneCapacity: Int = 1024) throws(ArenaError) {
        guard pageByteCount > 0, byteCount / pageByteCount >= 2 else {
            throw .geometry(field: "byteCount", value: byteCount, allowed: "at least two pages of \(pageByteCount)")
        }
        try self.init(pageByteCount: pageByteCount, pageCount: byteCount / pageByteCount, laneCapacity: laneCapacity)
    }

    @usableFromInline
    init(unchecked pageByteCount: Int, pageCount: Int, laneCapacity: Int) {
        self.pageByteCount = pageByteCount
        self.pageCount = pageCount
        self.laneCapacity = laneCapacity
    }

    @inlinable var asyncSpansOffset: Int { Self.headerByteCount }
    @inlinable var lanesOffset: Int { asyncSpansOffset + AsyncSpanTable.byteCount }
    @inlinable var statesOffset: Int { lanesOffset + laneCapacity * Lane<NativeMemory>.byteCount }
    @inlinable var pagesOffset: Int { (statesOffset + pageCount * 8 + 4095) & ~4095 }
    /// Bytes of the whole mapping.
    @inlinable public var mappingByteCount: Int { pagesOffset + pageCount * pageByteCount }
}

/// Why there is no arena.
public enum ArenaError: Error, Hashable, CustomStringConvertible {
    case geometry(field: String, value: Int, allowed: String)
    /// A system call failed.
    case system(call: String, code: Int32, byteCount: Int)
    /// A mapping that holds no arena, or another one than this version writes.
    case notAnArena(field: String, offset: Int, found: UInt64)
    /// There is a file, or a link, of that name.
    case fileExists(path: String)
    /// A process that lives records into the file.
    case fileInUse(path: String, process: Int32)
    /// A file cannot be had, or not be moved: a system call failed.
    case file(path: String, call: String, code: Int32)
    /// This is a forked child: the arena's memory stayed with its parent.
    case forked
    /// The arena takes no more events: its recording has ended.
    case retired
    /// All lanes are taken.
    case lanes(capacity: Int)

    public var description: String {
        switch self {
        case .geometry(let field, let value, let allowed): "\(field) is \(value), allowed is \(allowed)"
        case .system(let call, let code, let byteCount): "\(call) of \(byteCount) bytes failed with error \(code)"
        case .notAnArena(let field, let offset, let found):
            "not an arena: \(field) at byte \(offset) is 0x\(String(found, radix: 16))"
        case .fileExists(let path):
            """
            \(path) exists: if a crashed process left it, read it with `flightrec recover` and remove it, or have it moved \
            away; otherwise choose another path
            """
        case .fileInUse(let path, let process):
            "\(path) is in use by process \(process): choose a path for each process"
        case .file(let path, let call, let code):
            "\(path): \(call): \(String(cString: strerror(code))) (\(code))\(Self.advice(code))"
        case .forked: "this process was forked: the arena stayed with its parent"
        case .retired: "the arena was recorded into before, and takes no more events"
        case .lanes(let capacity): "all \(capacity) lanes are taken"
        }
    }
    private static func advice(_ code: Int32) -> String {
        switch code {
        case ENOSPC, EDQUOT: ": the file needs all of its space at once: make room, or ask for fewer bytes"
        case EACCES, EPERM, EROFS: ": choose a directory that this process may write to"
        case ENOENT, ENOTDIR: ": its directory has to exist"
        default: ""
        }
    }
}
