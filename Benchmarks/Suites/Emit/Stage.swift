import CPlatform
import Foundation
import Harness
import TraceCore

/// The arena of one sample: started before what is timed, stopped and checked after it.
///
/// Each sample has a fresh one, since an arena that was recorded into before takes no more events. All its memory is
/// touched when it is made.
final class Stage {
    static let category = "bench.emit"
    /// Switched off.
    static let offCategory = "bench.emit.off"

    let arena: Arena
    private let file: String?
    private let uncounted: UInt64
    private let seed: UInt64

    /// Where an arena's memory is.
    enum Medium: String {
        case memory, file
    }

    /// - Parameters:
    ///   - pages: of 16 KiB, as arenas have them unless told otherwise.
    ///   - pageByteCount: for pages of another size.
    ///   - isTrace: whether it is what events go to; false for one that only writers of its own write into.
    init(
        _ strategy: (some EmitStrategy).Type, pages: Int = 64, pageByteCount: Int = 16 << 10, medium: Medium = .memory,
        isTrace: Bool = true,
        seed: UInt64
    ) throws {
        self.seed = seed
        Trace.setCategory(Self.offCategory, isOn: false)
        strategy.register()
        let geometry = try ArenaGeometry(pageByteCount: pageByteCount, pageCount: pages)
        switch medium {
        case .memory:
            file = nil
            arena = try Arena(geometry)
        case .file:
            let path = FileManager.default.temporaryDirectory.path + "/bench-\(UUID().uuidString).arena"
            arena = try Arena(geometry, newFile: path)
            file = path
        }
        uncounted = Trace.uncounted
        if isTrace { try Trace.start(arena) }
    }

    deinit {
        Trace.stop()
        if let file { unlink(file) }
    }

    // MARK: Checks

    /// Pages to decode: all of most arenas. A debug build is fifty times slower.
    static let newest = Build.configuration == "debug" ? 3 : 64

    /// Throws unless `lanes` lanes have seen that many events each, and none is lost.
    func checkConservation(_ events: [UInt64]) throws {
        Trace.stop()
        let lanes = arena.lanes
        guard lanes.map(\.events).sorted() == events.sorted() else {
            throw failure("lanes have seen \(lanes.map(\.events)) events instead of \(events)", "the lanes")
        }
        guard lanes.allSatisfy({ $0.lost == 0 }), Trace.uncounted == uncounted else {
            throw failure("events were lost: \(lanes.map(\.lost)), \(Trace.uncounted - uncounted)", "the lanes")
        }
    }

    /// Reads the pages back and throws unless each event that survives is the one expected. Pages of a lane have to follow
    /// one another up to the last event, and where there is one lane only, without a gap.
    ///
    /// - Parameters:
    ///   - newest: how many pages to decode, the newest ones; the headers of all are looked at.
    ///   - expected: whether an event is right, by its index in its lane and the number of that lane.
    /// - Returns: what the pages hold.
    @discardableResult
    func check<Strategy: EmitStrategy>(
        as strategy: Strategy.Type, newest: Int = Stage.newest, lane wanted: Int? = nil,
        _ expected: (_ lane: Int, _ index: UInt64, _ record: DecodedRecord) -> Bool
    ) throws -> Contents {
        let ids = Strategy.ids
        let shapes: [UInt16: Int] = [
            ids.zero: 0, ids.one: 1, ids.two: 2, ids.three: 3, ids.text: PageBytes.textShape, ids.begin: 0, ids.end: 0,
        ]
        return try check(code: Strategy.Encoding.code, newest: newest, lane: wanted, shapes, Strategy.walk, expected)
    }

    func check(
        code: UInt16, newest: Int, lane wanted: Int? = nil, _ shapes: [UInt16: Int],
        _ walk: @escaping (PageBytes, (DecodedRecord) -> Bool) -> String?,
        _ expected: (_ lane: Int, _ index: UInt64, _ record: DecodedRecord) -> Bool
    ) throws -> Contents {
        var headers: [(page: Int, header: BatchHeader)] = []
        for number in 0..<arena.geometry.pageCount {
            guard let page = arena.pin(number) else { continue }
            headers.append((number, page.header))
        }
        headers.sort { $0.header.ticket < $1.header.ticket }
        var contents = Contents(pageByteCount: arena.geometry.pageByteCount)
        var ends: [UInt32: UInt64] = [:]
        let lanes = arena.lanes
        let firstDecoded = headers.count - newest
        for (position, (number, header)) in headers.enumerated() {
            if let wanted, wanted != Int(header.lane) { continue }
            // A page that its thread held for long is young when it is sealed, and outlives newer ones of its lane.
            if let end = ends[header.lane], end != header.baseIndex,
                lanes.count == 1 || !LanePosition.precedes(end, header.baseIndex)
            {
                throw failure("event \(header.baseIndex) follows on \(end)", "page \(number), lane \(header.lane)")
            }
            ends[header.lane] = header.endIndex
            contents.pages.append(header)
            guard header.encoding == code else { throw failure("encoding \(header.encoding)", "page \(number)") }
            if position >= firstDecoded { try decode(number, header, shapes, walk, expected) }
        }
        for lane in lanes where ends[UInt32(lane.number)] ?? lane.events != lane.events {
            throw failure("the pages end before event \(lane.events)", "lane \(lane.number)")
        }
        return contents
    }

    private func decode(
        _ number: Int, _ header: BatchHeader, _ shapes: [UInt16: Int],
        _ walk: @escaping (PageBytes, (DecodedRecord) -> Bool) -> String?,
        _ expected: (_ lane: Int, _ index: UInt64, _ record: DecodedRecord) -> Bool
    ) throws {
        guard let page = arena.pin(number) else { throw failure("is gone", "page \(number)") }
        var index = header.baseIndex
        let latest = Stamp.now.units &+ 1 << 32
        let wrong = page.withBytes { bytes in
            bytes.withUnsafeBytes { all in
                let end = BatchHeader.byteCount + Int(header.byteCount)
                let page = PageBytes(
                    header: header, bytes: UnsafeRawBufferPointer(rebasing: all[..<end]), shapes: shapes)
                return walk(page) { record in
                    defer { index += 1 }
                    return record.time <= latest && expected(Int(header.lane), index, record)
                }
            }
        }
        if let wrong { throw failure("unexpected: \(wrong)", "event \(index - 1), page \(number)") }
        guard index == header.endIndex else {
            throw failure("\(index - header.baseIndex) events instead of \(header.eventCount)", "page \(number)")
        }
    }

    func failure(_ what: String, _ location: String) -> VerificationFailure {
        VerificationFailure(what, at: location, seed: seed)
    }
}

/// What pages hold, by their headers.
struct Contents {
    let pageByteCount: Int
    /// The oldest first.
    var pages: [BatchHeader] = []

    /// Bytes of arena for an event: of whole pages, with the header and the room that stays unused at their end. The pages
    /// at both ends are left out: the last one is not full.
    var bytesPerEvent: Double? {
        let full = pages.dropLast()
        let events = full.map(\.eventCount).reduce(0, +)
        return events > 0 ? Double(full.count * pageByteCount) / Double(events) : nil
    }
}
