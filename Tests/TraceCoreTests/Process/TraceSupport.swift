import Synchronization
import Testing
import TraceCore
import TraceTestSupport

/// What concerns the one trace of the process: one test at a time.
@Suite(.serialized, .exclusiveTrace) enum TraceOfTheProcess {}

enum Recorded {
    static let one = Event1<UInt64>("one", category: "test", "word")
    static let pair = Event2<UInt64, UInt64>("pair", category: "test", "thread", "word")
    static let text = Event1<String>("text", category: "test", "text")
    static let other = Event1<UInt64>("other", category: "another", "word")
    static let byHandler = Event2<UInt64, UInt64>("handler", category: "test", "thread", "word")

    static func register() {
        one.register()
        pair.register()
        text.register()
        other.register()
        byHandler.register()
        TraceOfTheProcess.EventsRecordedWrongly.register()
    }

    static func arena(pages: Int = 64, lanes: Int = 16) -> Arena {
        register()
        return try! Arena(ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: lanes))
    }

    /// Waits until other threads have recorded so many events.
    static func awaitEvents(_ count: UInt64, in arena: Arena) {
        while arena.lanes.reduce(0, { $0 + $1.events }) < count { yieldProcessor() }
    }

    static func shape(_ id: Int) -> RecordShape { Trace.schemas[id - 1].shape }

    /// Everything that is readable, page by page.
    static func contents(_ arena: Arena) throws -> [PageContents] {
        let schemas = Trace.schemas
        return try arena.contents { schemas[$0 - 1].shape }
    }

    /// The two numbers of each event of `id`.
    static func pairs(_ arena: Arena, id: UInt16) throws -> [(
        lane: UInt32, index: UInt64, thread: UInt64, word: UInt64
    )] {
        var all: [(lane: UInt32, index: UInt64, thread: UInt64, word: UInt64)] = []
        for page in try contents(arena) {
            for event in page.events where event.id == Int(id) {
                guard case .numbers(let numbers) = event.payload, numbers.count == 2 else {
                    throw PageContents.Inconsistent(description: "\(event)")
                }
                all.append((page.header.lane, event.index, numbers[0], numbers[1]))
            }
        }
        return all.sorted { ($0.lane, $0.index) < ($1.lane, $1.index) }
    }

    static func events(_ arena: Arena) -> UInt64 { arena.lanes.reduce(0) { $0 + $1.events } }
}
