import Foundation
import MemoryAccess
import Synchronization
import Testing
import TraceCore

extension TraceOfTheProcess {
    @Suite(.serialized) struct RecordingsThatMixUp {
        @Test func startAndStop() throws {
            let arena = Recorded.arena()
            Recorded.one.emit(1)
            try Trace.start(arena)
            #expect(Trace.arena === arena)
            Recorded.one.emit(2)
            Recorded.text.emit("three")
            #expect(Trace.stop() === arena)
            Recorded.one.emit(4)
            let events = try Recorded.contents(arena).flatMap(\.events)
            #expect(events.map(\.payload) == [.numbers([2]), .text(Array("three".utf8), isTruncated: false)])
            #expect(throws: ArenaError.retired) { try Trace.start(arena) }
            #expect(Trace.arena == nil)
        }

        #if os(Linux)
            /// A thread that emits no more keeps its lane, and the arena for it: which must not add up, recording by recording.
            @Test func arenaThatIsKeptForALaneAloneTakesNoMemory() throws {
                var arena: Arena? = Recorded.arena(pages: 64)
                let pages = try #require(arena).view.page(0)
                try Trace.start(try #require(arena))
                Recorded.one.emit(1)
                Trace.stop()
                arena = nil
                try Trace.start(Recorded.arena())
                defer { Trace.stop() }
                var isResident = [UInt8](repeating: 0, count: 64)
                // The lane is this thread's still: it is mapped.
                #expect(mincore(pages, 64 * 4096, &isResident) == 0)
                #expect(isResident.allSatisfy { $0 & 1 == 0 })
            }
        #endif

        @Test func categoriesAtRunTime() throws {
            let arena = Recorded.arena()
            try Trace.start(arena)
            for round in 0..<10 as Range<UInt64> {
                Trace.setCategory("another", isOn: round % 2 == 0)
                Recorded.other.emit(round)
                Recorded.one.emit(round)
            }
            Trace.setCategory("another", isOn: true)
            Trace.stop()
            let events = try Recorded.contents(arena).flatMap(\.events)
            let other = events.filter { $0.id == Int(Recorded.other.state.id) }
            #expect(other.map(\.payload) == [0, 2, 4, 6, 8].map { .numbers([$0]) })
            #expect(events.count == 15)
        }

        /// For ever, as events are.
        private nonisolated(unsafe) static let many = UnsafeMutablePointer<Event1<UInt64>>.allocate(capacity: 300)

        @Test func idsAbove253() throws {
            let arena = Recorded.arena()
            let many = Self.many
            for index in 0..<300 {
                (many + index).initialize(to: Event1<UInt64>("many", category: "test", "word"))
                many[index].register()
            }
            try Trace.start(arena)
            for index in 0..<300 { many[index].emit(UInt64(index) << 30) }
            Trace.stop()
            let events = try Recorded.contents(arena).flatMap(\.events)
            let expected = (0..<300).map { (Int(many[$0].state.id), UInt64($0) << 30) }
            #expect(events.map(\.id) == expected.map(\.0))
            #expect(events.map(\.payload) == expected.map { .numbers([$0.1]) })
            #expect(expected.last!.0 > 253)
        }

        /// Each event goes into one arena at most, and later arenas hold later events.
        @Test func recordingsChangeUnderRunningThreads() throws {
            let stops = Flag()
            let threads = (0..<3).map { thread in
                SystemThread {
                    var word: UInt64 = 0
                    while !stops.isSet {
                        Recorded.pair.emit(UInt64(thread), word)
                        word += 1
                    }
                }
            }
            weak var first: Arena?
            var arenas: [Arena] = []
            for round in 0..<30 {
                let arena = Recorded.arena(pages: 32)
                if round == 0 { first = arena }
                try Trace.start(arena)
                Recorded.awaitEvents(1000 * UInt64(threads.count), in: arena)
                if round % 3 == 0 { Trace.stop() }
                arenas.append(arena)
            }
            Trace.stop()
            stops.set()
            for thread in threads { thread.join() }
            var last: [UInt64: UInt64] = [:]
            for arena in arenas {
                #expect(arena.lanes.allSatisfy { $0.thread == nil })
                var newest: [UInt64: UInt64] = [:]
                for event in try Recorded.pairs(arena, id: Recorded.pair.state.id) {
                    if let before = last[event.thread] { #expect(event.word > before) }
                    if let before = newest[event.thread] { #expect(event.word > before) }
                    newest[event.thread] = event.word
                }
                last.merge(newest) { max($0, $1) }
            }
            #expect(last.count == 3)
            arenas = []
            Trace.stop()
            #expect(first == nil, "an arena outlives its recording and all its threads")
        }

        /// Starts and stops on several threads at once: in the end, nothing is recorded, and no switch is on.
        @Test func startsAgainstStops() throws {
            for _ in 0..<40 {
                onThreads(2) { thread in
                    if thread == 0 { try? Trace.start(Recorded.arena(pages: 2)) } else { Trace.stop() }
                }
                #expect((Trace.arena != nil) == Recorded.one.state.isOn)
                Trace.stop()
            }
        }

        @Test func threadsThatComeAndGo() throws {
            let count = ProcessInfo.processInfo.environment["TRACE_THREADS"].flatMap(Int.init) ?? 2000
            let arena = Recorded.arena(pages: 64, lanes: 8)
            try Trace.start(arena)
            var running: [SystemThread] = []
            for thread in 0..<count {
                running.append(
                    SystemThread { for word in 0..<3 as Range<UInt64> { Recorded.pair.emit(UInt64(thread), word) } })
                if running.count == 4 { running.removeFirst().join() }
            }
            for thread in running { thread.join() }
            Trace.stop()
            #expect(Recorded.events(arena) == UInt64(count) * 3)
            #expect(arena.lanes.count <= 8 && arena.lanes.allSatisfy { $0.thread == nil && $0.lost == 0 })
            let pairs = try Recorded.pairs(arena, id: Recorded.pair.state.id)
            for (one, next) in zip(pairs, pairs.dropFirst()) where one.lane == next.lane && next.index == one.index + 1
            {
                #expect(one.word == 2 ? next.word == 0 : next.word == one.word + 1 && next.thread == one.thread)
            }
        }

        @Test func moreThreadsThanLanes() throws {
            let arena = Recorded.arena(pages: 16, lanes: 2)
            let before = Trace.uncounted
            try Trace.start(arena)
            let done = Atomic<Int>(0)
            onThreads(5) { thread in
                for word in 0..<50 as Range<UInt64> { Recorded.pair.emit(UInt64(thread), word) }
                done.add(1, ordering: .releasing)
                while done.load(ordering: .acquiring) < 5 { yieldProcessor() }
            }
            Trace.stop()
            #expect(Recorded.events(arena) + Trace.uncounted - before == 250)
        }
    }
}
