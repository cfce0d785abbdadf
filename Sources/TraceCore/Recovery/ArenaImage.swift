internal import CPlatform
internal import MemoryAccess

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

// The file of an arena, seen by somebody else: the process that records into it lives, or was killed at any instruction, or the
// file was made by somebody who wants to do harm.
//
// Ownership
//   The mapping is read only: nothing is pinned, nobody waits. All of it is copied to private memory before it is looked at, by
//   words (acquire), and by a function that survives that the file is cut short meanwhile.
//
// Invariants
//   1. Positions are loaded before the log of schemas, and that before any page. Otherwise, a record has a schema that was not
//      there yet.
//   2. A page counts if its state is the same before and after its bytes, or owned, then sealed, and its header's ticket that of the
//      owned state both times: ArenaView.swift, 12.
//   3. Nothing that was read is an index, a count or a length before it was held against the geometry, and that against the
//      size of the file. Otherwise, a file decides what this process reads.

/// An arena's file, opened to be read, by any process. One thread at a time.
public struct ArenaImage: ~Copyable {
    public let path: String
    public let geometry: ArenaGeometry
    /// The process that records into it, or nil where that has ended.
    public let owner: Int32?

    private let base: UnsafeRawPointer
    private let byteCount: Int
    let metadata: Range<Int>

    /// - Throws: `FileError` where the file cannot be read, among others for a link; ``ArenaError/notAnArena(field:offset:found:)``.
    public init(path: String) throws {
        let descriptor = uninterrupted { open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { throw FileError.last("open", file: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError.last("fstat", file: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(.notARegularFile, file: path) }
        guard status.st_size >= ArenaGeometry.headerByteCount else {
            throw ArenaError.notAnArena(field: "size of the file", offset: 0, found: UInt64(status.st_size))
        }
        let byteCount = Int(status.st_size)
        let base = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let base, base != MAP_FAILED else { throw FileError.last("mmap", file: path) }
        do {
            (geometry, metadata) = try Self.header(UnsafeRawPointer(base), byteCount: byteCount)
        } catch {
            munmap(base, byteCount)
            throw error
        }
        self.base = UnsafeRawPointer(base)
        self.byteCount = byteCount
        self.path = path
        owner = RingFile.owner(of: descriptor)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: base), byteCount) }

    private static func header(
        _ base: UnsafeRawPointer, byteCount: Int
    ) throws(ArenaError) -> (ArenaGeometry, Range<Int>) {
        let words = try words(base, 0..<64)
        func word(_ offset: Int) -> UInt64 { words[offset / 8] }
        func refusal(_ field: String, _ offset: Int) -> ArenaError {
            .notAnArena(field: field, offset: offset, found: word(offset))
        }
        guard word(ArenaHeader.magicOffset) == ArenaHeader.magic else {
            throw refusal("magic", ArenaHeader.magicOffset)
        }
        guard word(ArenaHeader.versionOffset) == ArenaHeader.version else {
            throw refusal("version", ArenaHeader.versionOffset)
        }
        let found: ArenaGeometry
        do throws(ArenaError) {
            found = try ArenaGeometry(
                pageByteCount: Int(clamping: word(ArenaHeader.pageByteCountOffset)),
                pageCount: Int(clamping: word(ArenaHeader.pageCountOffset)),
                laneCapacity: Int(clamping: word(ArenaHeader.laneCapacityOffset)))
        } catch {
            throw refusal("geometry", ArenaHeader.pageByteCountOffset)
        }
        guard word(ArenaHeader.metadataOffset) == UInt64(found.mappingByteCount) else {
            throw refusal("place of the metadata", ArenaHeader.metadataOffset)
        }
        let count = word(ArenaHeader.metadataByteCountOffset)
        guard count % 8 == 0, count >= UInt64(RingLayout.log + NativeFileHeader.byteCount), count <= UInt64(1) << 40,
            found.mappingByteCount + Int(count) == byteCount
        else { throw refusal("size of the metadata", ArenaHeader.metadataByteCountOffset) }
        return (found, found.mappingByteCount..<byteCount)
    }

    /// Words of the mapping, copied: offsets in bytes, multiples of 8, inside it.
    private static func words(_ base: UnsafeRawPointer, _ range: Range<Int>) throws(ArenaError) -> [UInt64] {
        var isThere = true
        let words = [UInt64](unsafeUninitializedCapacity: range.count / 8) { buffer, count in
            count = range.count / 8
            guard count > 0 else { return }
            let source = (base + range.lowerBound).assumingMemoryBound(to: UInt64.self)
            buffer.initialize(repeating: 0)
            isThere = cplatform_copy_words(buffer.baseAddress!, source, count)
        }
        guard isThere else {
            throw .notAnArena(field: "the file was cut short meanwhile: nothing", offset: range.lowerBound, found: 0)
        }
        return words
    }

    /// The next ticket of a page, as it stands; 0 where the file was cut short.
    package var hand: UInt64 { (try? word(ArenaHeader.hand)) ?? 0 }

    func words(_ range: Range<Int>) throws(ArenaError) -> [UInt64] { try Self.words(base, range) }

    func word(_ offset: Int) throws(ArenaError) -> UInt64 {
        var word: UInt64 = 0
        guard cplatform_copy_words(&word, (base + offset).assumingMemoryBound(to: UInt64.self), 1) else {
            throw .notAnArena(field: "the file was cut short meanwhile: nothing", offset: offset, found: 0)
        }
        return word
    }
}

/// A page of an image, in private memory.
struct PageCopy {
    var page: Int
    var header: BatchHeader
    /// The records, and up to 7 bytes more.
    var records: [UInt64]
}

/// What is wrong with a page, a record, or an entry of a ring file: it, and what stands behind it in its page, is left out.
public struct RecoveryProblem: Sendable, Hashable, CustomStringConvertible {
    /// In the file.
    public var offset: Int
    /// Nil where it is in no page.
    public var page: Int?
    public var cause: String

    public var description: String {
        "byte \(offset)\(page.map { ", page \($0)" } ?? ""): \(cause)"
    }
}

extension ArenaImage {
    /// A page's published bytes before `positions`; nil for a page with none, and for one that was claimed meanwhile.
    ///
    /// - Throws: ``RecoveryProblem`` as an error's value where what the page says of itself cannot be.
    func copy(_ page: Int, upTo positions: [LanePosition]) throws(RecoveryFailure) -> PageCopy? {
        let start = geometry.pagesOffset + page * geometry.pageByteCount
        func problem(_ offset: Int, _ cause: String) -> RecoveryFailure {
            .page(RecoveryProblem(offset: start + offset, page: page, cause: cause))
        }
        do {
            let stateOffset = geometry.statesOffset + page * 8
            let before = PageState(try word(stateOffset))
            guard before.word & 0xC == 0 else {
                throw RecoveryFailure.page(.init(offset: stateOffset, page: page, cause: "no state of a page"))
            }
            guard before.phase == .owned || before.phase == .sealed else { return nil }
            let head = try words(start..<start + BatchHeader.byteCount)
            guard var header = head.withUnsafeBytes({ BatchHeader($0.bytes) }) else {
                throw problem(0, "no batch header")
            }
            guard header.encoding == 1, header.flags == 0, header.timeShift <= 16 else {
                throw problem(4, "encoding \(header.encoding), time shift \(header.timeShift), flags \(header.flags)")
            }
            guard Int(header.lane) < positions.count else { throw problem(40, "lane \(header.lane)") }
            header.baseIndex &= 0xFFFF_FFFF_FFFF
            let end = positions[Int(header.lane)]
            var bytes = max(end.offset - BatchHeader.byteCount, 0)
            var endIndex = end.index
            if before.phase == .sealed, !LanePosition.precedes(end.index, header.endIndex) {
                (endIndex, bytes) = (header.endIndex & 0xFFFF_FFFF_FFFF, Int(header.byteCount))
            }
            // ArenaView.swift, invariant 10; and a page that was opened since.
            guard LanePosition.precedes(header.baseIndex, endIndex) else { return nil }
            guard bytes <= geometry.pageByteCount - BatchHeader.byteCount else { throw problem(56, "\(bytes) bytes") }
            let first = start + BatchHeader.byteCount
            let records = try words(first..<first + (bytes + 7) & ~7)
            let after = PageState(try word(stateOffset))
            guard isSame(before, after, header, ticket: try word(start + 8)) else { return nil }
            (header.endIndex, header.byteCount) = (endIndex, UInt32(bytes))
            return PageCopy(page: page, header: header, records: records)
        } catch let error as ArenaError {
            throw .file(error)
        } catch {
            throw error as! RecoveryFailure
        }
    }

    /// Invariant 2.
    private func isSame(_ before: PageState, _ after: PageState, _ header: BatchHeader, ticket: UInt64) -> Bool {
        let pins = PageState.maximumPins &<< 4
        if before.word & ~pins == after.word & ~pins { return true }
        guard before.phase == .owned, after.phase == .sealed else { return false }
        let sequence: UInt64 = 0xFFF_FFFF_FFFF
        return header.ticket & sequence == before.sequence && ticket == header.ticket
    }
}

enum RecoveryFailure: Error {
    case page(RecoveryProblem)
    case file(ArenaError)
}
