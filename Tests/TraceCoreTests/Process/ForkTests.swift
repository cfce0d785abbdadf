import MemoryAccess
import Synchronization
import Testing
import TraceCore

extension TraceOfTheProcess {
    @Suite(.serialized) struct ForkedChildren {
        @Test func theParentsArenaStaysAsItIs() throws {
            let arena = Recorded.arena()
            try Trace.start(arena)
            Recorded.one.emit(1)
            #expect(
                inChild {
                    for word in 0..<1000 as Range<UInt64> { Recorded.one.emit(word) }
                    if (try? arena.advance()) != nil || arena.pin(0) != nil || !arena.lanes.isEmpty { return 2 }
                    if !arena.openSpans().isEmpty || arena.unlistedSpans != 0 { return 3 }
                    return 7
                } == 7)
            Recorded.one.emit(2)
            Trace.stop()
            #expect(try Recorded.contents(arena).flatMap(\.events).map(\.payload) == [.numbers([1]), .numbers([2])])
        }

        @Test func theChildRecordsByItself() throws {
            let arena = Recorded.arena()
            try Trace.start(arena)
            Recorded.one.emit(1)
            #expect(
                inChild {
                    let own = Recorded.arena()
                    do { try Trace.start(own) } catch { return 2 }
                    Recorded.one.emit(3)
                    guard Trace.stop() === own else { return 3 }
                    return (try? Recorded.contents(own).flatMap(\.events).map(\.payload)) == [.numbers([3])] ? 7 : 4
                } == 7)
            #expect(
                inChild {
                    Trace.stop()
                    return 7
                } == 7)
            Trace.stop()
        }

        /// No ``Trace/start(_:)`` comes before the fork.
        @Test func writersAndPinsEndInTheChild() throws {
            let arena = Recorded.arena()
            let lane = WriterAndPin(arena)
            #expect(
                inChild {
                    lane.drop()
                    return (try? arena.sweep()) == nil ? 7 : 2
                } == 7)
            #expect(try arena.contents { _ in .one }.count == 1)
            lane.drop()
            #expect(arena.lanes[0].thread == nil)
        }
    }

    /// scripts/sanitize leaves it out, and says why.
    @Suite struct ForksBesideBusyThreads {
        /// Other threads hold the locks of the trace while it forks.
        @Test func locksOfThreadsThatAreNotInTheChild() throws {
            Recorded.register()
            let stops = Flag()
            let threads = (0..<2).map { _ in
                SystemThread {
                    while !stops.isSet {
                        _ = Trace.arena
                        Trace.setCategory("x", isOn: true)
                    }
                }
            }
            try Trace.start(Recorded.arena(pages: 2))
            for _ in 0..<25 {
                let code = inChild {
                    Trace.setCategory("y", isOn: true)
                    return Trace.stop() == nil ? 2 : 7
                }
                #expect(code == 7)
                if code != 7 { break }
            }
            stops.set()
            for thread in threads { thread.join() }
            Trace.stop()
        }
    }
}

private final class WriterAndPin: @unchecked Sendable {
    private var writer: LaneWriter<NativeMemory, DenseEncoding>?
    private var page: PinnedPage<NativeMemory>?

    init(_ arena: Arena) {
        writer = try? arena.makeWriter(as: DenseEncoding.self)
        _ = writer!.emit(DenseEncoding.one(1), id: 1)
        page = arena.pin(0)
    }

    func drop() {
        page = nil
        writer = nil
    }
}
