package import Checker
import CPlatform
import MemoryAccess
import Synchronization
import TraceCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The arena: pages, lanes, generations.
package enum Pages {
    typealias CheckedArena = GenericArena<CheckedMemory>
    typealias CheckedLane = Lane<CheckedMemory>

    /// What the threads of a program share.
    final class Stage {
        let machine: Machine
        let arena: CheckedArena
        var view: ArenaView<CheckedMemory> { arena.view }
        /// Behind every lane's begin: so no record depends on the real time.
        private var ticks = Stage.start

        private static let start = Stamp.now.ticks + 1 << 40
        private static let text = [UInt8](repeating: 32, count: 1000)
        static let shapes = ShapeTable([
            EventSchema(id: 4, name: "text", category: "checked", fields: [.init(name: "text", type: .string)])
        ])

        init(_ machine: Machine, pages: Int, lanes: Int, ticket: UInt64 = 0) {
            self.machine = machine
            let geometry = try! ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: lanes)
            arena = try! CheckedArena(geometry, seed: (generation: 1, ticket: ticket))
        }

        func attach(_ thread: UInt32) -> CheckedLane { try! arena.attach(thread: thread) }

        /// Appends an event that carries its lane and its index: four fill a page.
        func emit(_ lane: CheckedLane, byteCount: Int = 900) {
            ticks += 1 << UInt64(Stamp.unitShift)
            let stamp = Stamp(ticks: ticks)
            let index = CheckedMemory.loadOwn(lane.pos) >> 16
            var text = Self.text
            text[0] = UInt8(view.number(of: lane)) + 65
            text[1] = UInt8(index % 26) + 97
            text.withUnsafeBytes { bytes in
                let record = DenseEncoding.text(TextArgument(.init(rebasing: bytes[..<byteCount])))
                if !lane.append(record, id: 4, at: stamp, as: DenseEncoding.self) {
                    _ = lane.appendOffPath(record, id: 4, at: stamp, as: DenseEncoding.self)
                }
            }
        }

        /// Reads what is published in a page, if it can be pinned; returns how many events.
        @discardableResult
        func read(_ page: Int, upTo cut: GenerationCut? = nil) -> [(lane: Int, index: UInt64)] {
            guard let page = arena.pin(page) else { return [] }
            let header = cut.map { page.header(upTo: $0) } ?? page.header
            var found: [(lane: Int, index: UInt64)] = []
            page.withBytes { bytes in
                bytes.withUnsafeBytes {
                    CheckedMemory.willRead($0.baseAddress! + BatchHeader.byteCount, byteCount: Int(header.byteCount))
                }
                found = decode(header, bytes, recordsAt: BatchHeader.byteCount)
            }
            if UInt64(found.count) != header.eventCount {
                machine.report("\(found.count) events in \(header.baseIndex)..<\(header.endIndex)")
            }
            return found
        }

        private func decode(_ header: BatchHeader, _ bytes: RawSpan, recordsAt start: Int) -> [(
            lane: Int, index: UInt64
        )] {
            var found: [(lane: Int, index: UInt64)] = []
            var cursor = RecordCursor(Batch(header, recordsAt: start))
            do throws(DecodingError) {
                while let record = try cursor.next(in: bytes, Self.shapes) {
                    guard record.lostCount == nil else { continue }
                    let payload = record.payload
                    let (lane, index) = (
                        bytes.unsafeLoad(fromByteOffset: payload.lowerBound, as: UInt8.self),
                        bytes.unsafeLoad(fromByteOffset: payload.lowerBound + 1, as: UInt8.self)
                    )
                    if Int(lane) != Int(header.lane) + 65 || UInt64(index) != record.index % 26 + 97 {
                        machine.report("lane \(header.lane), index \(record.index) carries \(lane), \(index)")
                    }
                    found.append((Int(header.lane), record.index))
                }
            } catch { machine.report("\(error)") }
            return found
        }

        /// An event that no page can hold.
        func lose(_ lane: CheckedLane) {
            ticks += 1 << UInt64(Stamp.unitShift)
            let record = TooLong()
            if !lane.append(record, id: 4, at: Stamp(ticks: ticks), as: DenseEncoding.self) {
                _ = lane.appendOffPath(record, id: 4, at: Stamp(ticks: ticks), as: DenseEncoding.self)
            }
        }

        private struct TooLong: EncodedRecord {
            var byteCount: Int { 5000 }
            var excess: Int { 5000 }
            func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {}
        }

        static let directory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        static let clock = TraceClock()

        /// A page as a reader of the file takes it (ArenaImage): the positions, the state, the bytes, the state again.
        func copy(page: Int) {
            let lane = view.lane(0)
            let end = LanePosition(CheckedMemory.loadAcquire(lane.pos))
            let state = view.state(of: page)
            let before = PageState(CheckedMemory.loadAcquire(state))
            guard before.phase == .owned || before.phase == .sealed else { return }
            let address = view.page(page)
            var isOrdered = machine.look(at: address, byteCount: BatchHeader.byteCount)
            let bytes = UnsafeRawBufferPointer(start: address, count: BatchHeader.byteCount)
            guard var header = BatchHeader(bytes.bytes) else { return machine.report("no header") }
            header.baseIndex &= 0xFFFF_FFFF_FFFF
            var (endIndex, count) = (end.index, max(end.offset - BatchHeader.byteCount, 0))
            if before.phase == .sealed, !LanePosition.precedes(end.index, header.endIndex) {
                (endIndex, count) = (header.endIndex & 0xFFFF_FFFF_FFFF, Int(header.byteCount))
            }
            guard LanePosition.precedes(header.baseIndex, endIndex), count <= 4096 - BatchHeader.byteCount else {
                return
            }
            isOrdered = machine.look(at: address + BatchHeader.byteCount, byteCount: count) && isOrdered
            let records = [UInt8](UnsafeRawBufferPointer(start: address + BatchHeader.byteCount, count: count))
            let after = PageState(CheckedMemory.loadAcquire(state))
            let pins = PageState.maximumPins << 4
            let isSame = before.word & ~pins == after.word & ~pins
            let isSealedSince =
                before.phase == .owned && after.phase == .sealed && header.ticket & 0xFFF_FFFF_FFFF == before.sequence
            guard isSame || isSealedSince else { return }
            (header.endIndex, header.byteCount) = (endIndex, UInt32(count))
            let found = decode(header, records.span.bytes, recordsAt: 0)
            // Of what is said to be whole, the last 16 bytes of the header may be the seal's, which was under way.
            if UInt64(found.count) != header.eventCount || !isOrdered && !isSealedSince && before.phase == .sealed {
                machine.report("a copy of page \(page) is taken for whole: \(found.count) events, \(header)")
            }
        }

        /// At rest: every index of a lane is readable, was overwritten or is counted as lost, and none is there twice.
        func conserve() {
            var found: Set<[UInt64]> = []
            var count = 0
            for page in 0..<arena.geometry.pageCount {
                let events = read(page)
                count += events.count
                for event in events { found.insert([UInt64(event.lane), event.index]) }
                let state = PageState(CheckedMemory.loadRelaxed(view.state(of: page)))
                if state.pins != 0 { machine.report("page \(page) is still pinned") }
            }
            if found.count != count { machine.report("\(count) events, of which \(found.count) differ") }
            for lane in arena.lanes {
                let newest = found.filter { $0[0] == UInt64(lane.number) }.map { $0[1] }.max()
                let readable = UInt64(found.count { $0[0] == UInt64(lane.number) })
                if let newest, newest + 1 > lane.events { machine.report("an event behind its lane's end") }
                if readable + lane.lost > lane.events {
                    machine.report("lane \(lane.number): \(readable) readable, \(lane.lost) lost, of \(lane.events)")
                }
            }
        }
    }

    /// A writer that goes from page to page, and a reader.
    static func recycled(_ name: String, pages: Int, events: Int, ahead: Int, reads: [Int], ticket: UInt64 = 0)
        -> Program
    {
        Program(name) { machine in
            let stage = Stage(machine, pages: pages, lanes: 2, ticket: ticket)
            let lane = stage.attach(1)
            for _ in 0..<ahead { stage.emit(lane) }
            return .init(
                [
                    ("writer", { for _ in 0..<events { stage.emit(lane) } }),
                    ("reader", { for page in reads { stage.read(page) } }),
                ], finish: { stage.conserve() })
        }
    }

    /// Two writers that want the same page.
    static func claims(pages: Int, ahead: Int, reads: Int) -> Program {
        Program("pages, two writers want \(pages), \(reads) reads") { machine in
            let stage = Stage(machine, pages: pages, lanes: 2)
            let lanes = [stage.attach(1), stage.attach(2)]
            for lane in lanes { for _ in 0..<ahead { stage.emit(lane) } }
            return .init(
                [
                    ("writer A", { stage.emit(lanes[0]) }), ("writer B", { stage.emit(lanes[1]) }),
                    ("reader", { for page in 0..<reads { stage.read(page) } }),
                ], finish: { stage.conserve() })
        }
    }

    /// A thread that ends, and another one that takes its lane.
    static let exit = Program("lanes, one ends and another begins") { machine in
        let stage = Stage(machine, pages: 4, lanes: 1)
        // A thread that lives: nobody sweeps it.
        let thread = cplatform_thread_id()
        let lane = stage.attach(thread)
        stage.emit(lane)
        return .init(
            [
                (
                    "ending",
                    {
                        stage.emit(lane)
                        stage.view.detach(lane)
                    }
                ),
                (
                    "beginning",
                    {
                        for _ in 0..<3 {
                            guard let lane = try? stage.arena.attach(thread: thread) else {
                                CheckedMemory.pause()
                                continue
                            }
                            stage.emit(lane)
                            return
                        }
                    }
                ),
                ("reader", { stage.read(0) }),
            ], finish: { stage.conserve() })
    }

    /// A thread that ended without a word, whose lane is swept and taken.
    static func sweep(events: Int) -> Program {
        Program("lanes, one is swept after \(events) events") { machine in
            let stage = Stage(machine, pages: 2, lanes: 1)
            let lane = stage.attach(77)
            let hasEnded = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
            hasEnded.initialize(to: false)
            return .init(
                [
                    (
                        "ending",
                        {
                            for _ in 0..<events { stage.emit(lane) }
                            // Not ordered before anything: so ends a thread without a word.
                            hasEnded.pointee = true
                        }
                    ),
                    (
                        "sweeping",
                        {
                            // Tells of the end of the other, and orders nothing.
                            while !hasEnded.pointee { CheckedMemory.pause() }
                            _ = stage.view.sweep { $0 != 77 }
                            guard let lane = try? stage.arena.attach(thread: 2) else { return }
                            stage.emit(lane)
                        }
                    ),
                    ("reader", { stage.read(0) }),
                ],
                finish: {
                    stage.conserve()
                    hasEnded.deallocate()
                })
        }
    }

    /// The only other page is a reader's most of the time: events are lost between two pages.
    static let losses = Program("pages, events that find none") { machine in
        let stage = Stage(machine, pages: 2, lanes: 2)
        let (idle, lane) = (stage.attach(1), stage.attach(2))
        stage.emit(idle)
        for _ in 0..<4 { stage.emit(lane) }
        return .init(
            [
                ("writer", { for _ in 0..<2 { stage.emit(lane) } }),
                ("reader", { stage.read(1) }),
            ], finish: { stage.conserve() })
    }

    /// Somebody sees that no thread holds a lane any more, and gives the memory back.
    static let unmapped = Program("lanes, memory that goes with the last one") { machine in
        let stage = Stage(machine, pages: 2, lanes: 1)
        let lane = stage.attach(cplatform_thread_id())
        return .init([
            (
                "ending",
                {
                    stage.emit(lane)
                    stage.view.detach(lane)
                }
            ),
            (
                "unmapping",
                {
                    stage.arena.retire()
                    while stage.arena.isHeldByThreads { CheckedMemory.pause() }
                    CheckedMemory.willFree(stage.view.page(0), byteCount: 2 * 4096)
                }
            ),
        ])
    }

    /// Somebody asks how the lanes are while events are lost.
    static let watched = Program("lanes, watched while events are lost") { machine in
        let stage = Stage(machine, pages: 2, lanes: 2)
        let (idle, lane) = (stage.attach(cplatform_thread_id()), stage.attach(cplatform_thread_id()))
        stage.emit(idle)
        // A long emit off the path: more than a page holds is lost.
        return .init(
            [
                ("writer", { for _ in 0..<2 { stage.lose(lane) } }),
                (
                    "watcher",
                    {
                        for status in stage.arena.lanes where status.number == 1 && status.lost < status.events {
                            machine.report("\(status.lost) lost of \(status.events), all of which were")
                        }
                    }
                ),
            ])
    }

    /// Somebody who maps the arena's file copies a page and cannot pin it: either the copy is whole, or its reader knows.
    static func image(ahead: Int, events: Int) -> Program {
        Program("ring file, a page is copied while \(events) events come behind \(ahead)") { machine in
            let stage = Stage(machine, pages: 2, lanes: 1)
            let lane = stage.attach(1)
            for _ in 0..<ahead { stage.emit(lane) }
            return .init(
                [
                    ("writer", { for _ in 0..<events { stage.emit(lane) } }),
                    ("reader", { stage.copy(page: 0) }),
                ], finish: { stage.conserve() })
        }
    }

    /// The log of a ring file grows while somebody reads it.
    static let log = Program("ring file, its log is read while it grows") { machine in
        let path = "\(Stage.directory)/checker-\(getpid()).ring"
        unlink(path)
        let geometry = try! ArenaGeometry(pageByteCount: 4096, pageCount: 2, laneCapacity: 1)
        let arena = try! CheckedArena(geometry, newFile: path, logByteCount: 4096, clock: Stage.clock)
        let metadata = UnsafeRawPointer(arena.view.base) + geometry.mappingByteCount
        // SAFETY: the log's end is a word.
        let end = UnsafeMutableRawPointer(mutating: metadata).assumingMemoryBound(to: Atomic<UInt64>.self)
        return .init(
            [
                ("writer", { arena.metadata!.append(EventSchema(id: 1, name: "new", category: "checked")) }),
                (
                    "reader",
                    {
                        let end = Int(CheckedMemory.loadAcquire(end))
                        if !machine.look(at: metadata + RingLayout.log, byteCount: end) {
                            machine.report("the log is read up to its end, and not written yet")
                        }
                    }
                ),
            ], finish: { arena.removeFile() })
    }

    package static let programs: [Program] = [
        recycled("pages, events in one", pages: 2, events: 2, ahead: 1, reads: [0]),
        recycled("pages, one to the next", pages: 2, events: 2, ahead: 3, reads: [0, 1]),
        recycled("pages, overwritten", pages: 2, events: 2, ahead: 7, reads: [0, 1]),
        recycled(
            "pages, overwritten, tickets near the end", pages: 2, events: 2, ahead: 7, reads: [0], ticket: (1 << 44) - 2
        ),
        claims(pages: 3, ahead: 4, reads: 1),
        claims(pages: 2, ahead: 4, reads: 1),
        losses,
        exit,
        unmapped,
        watched,
        image(ahead: 1, events: 1),
        image(ahead: 3, events: 2),
        image(ahead: 7, events: 2),
        log,
        sweep(events: 1),
        sweep(events: 5),
    ]
}
