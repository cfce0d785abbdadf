import MemoryAccess
import Synchronization
import TraceCore

/// What stands in a page for who pinned it: decoded, and checked against its header.
struct PageContents {
    struct Event {
        var index: UInt64
        var id: Int
        var time: UInt64
        /// As header and generation records say.
        var generation: UInt64
        var payload: PlainDecoder.Payload
    }

    struct Inconsistent: Error, CustomStringConvertible { var description: String }

    var header: BatchHeader
    var events: [Event] = []

    init<Memory: MemoryModel>(
        _ page: borrowing PinnedPage<Memory>, upTo cut: GenerationCut? = nil, shape: @escaping (Int) -> RecordShape
    ) throws {
        let header = cut.map { page.header(upTo: $0) } ?? page.header
        self.header = header
        let count = Int(header.byteCount)
        let bytes = try page.withBytes { span throws -> [UInt8] in
            guard 64 + count <= span.byteCount else { throw Inconsistent(description: "\(count) bytes in a page") }
            return span.withUnsafeBytes { raw in
                Memory.willRead(raw.baseAddress! + 64, byteCount: count)
                return Array(raw[64..<64 + count])
            }
        }
        try decode(bytes, shape)
    }

    private mutating func decode(_ bytes: [UInt8], _ shape: @escaping (Int) -> RecordShape) throws {
        var time = header.baseTime
        var generation = header.generation
        var index = header.baseIndex
        for record in try PlainDecoder.records(of: bytes, baseTime: time, shape: shape) {
            switch record {
            case .event(let id, let at, let payload):
                guard at >= time else { throw Inconsistent(description: "time \(at) after \(time)") }
                time = at
                events.append(Event(index: index, id: id, time: at, generation: generation, payload: payload))
                index = (index + 1) & 0xFFFF_FFFF_FFFF
            case .generation(let next, _):
                guard next > generation else { throw Inconsistent(description: "\(next) after \(generation)") }
                generation = next
            case .lost(let count): index = (index + count) & 0xFFFF_FFFF_FFFF
            }
        }
        guard index == header.endIndex else {
            throw Inconsistent(description: "\(events.count) events, \(header.baseIndex)..<\(header.endIndex) stated")
        }
    }
}

extension GenericArena {
    func pinned(_ number: Int) throws -> PinnedPage<Memory> {
        guard let page = pin(number) else { throw PageContents.Inconsistent(description: "page \(number) has nothing") }
        return page
    }

    /// Everything that can be read now.
    func contents(upTo cut: GenerationCut? = nil, shape: @escaping (Int) -> RecordShape = WordEvent.shape) throws
        -> [PageContents]
    {
        var pages: [PageContents] = []
        for number in 0..<geometry.pageCount {
            guard let page = pin(number) else { continue }
            pages.append(try PageContents(page, upTo: cut, shape: shape))
        }
        return pages
    }

    /// Every readable event of a lane, by index. Throws where two pages claim one index.
    func events(lane: Int, upTo cut: GenerationCut? = nil, shape: @escaping (Int) -> RecordShape = WordEvent.shape)
        throws
        -> [UInt64: PageContents.Event]
    {
        var events: [UInt64: PageContents.Event] = [:]
        for page in try contents(upTo: cut, shape: shape) where page.header.lane == UInt32(lane) {
            for event in page.events {
                guard events.updateValue(event, forKey: event.index) == nil else {
                    throw PageContents.Inconsistent(description: "index \(event.index) in two pages")
                }
            }
        }
        return events
    }
}

extension Lane {
    /// Its position, as its own thread sees it.
    var position: LanePosition {
        // SAFETY: the first word of a lane.
        LanePosition(Memory.loadRelaxed(address.assumingMemoryBound(to: Atomic<UInt64>.self)))
    }
}
