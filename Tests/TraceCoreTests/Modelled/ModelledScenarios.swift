import MemoryAccess
import Synchronization
import TraceCore

/// Programs of several threads over one small arena, for the ``ModelledMachine``. Each returns what went wrong.
enum ModelledScenario {
    typealias Machine = ModelledMachine
    typealias ModelledArena = GenericArena<ModelledMemory>

    static func arena(_ machine: Machine, pages: Int, lanes: Int = 4, ticket: UInt64 = 0) -> ModelledArena {
        let geometry = try! ArenaGeometry(pageByteCount: 4096, pageCount: pages, laneCapacity: lanes)
        let arena = try! ModelledArena(geometry, seed: (generation: 1, ticket: ticket))
        machine.sites.describe(arena.view)
        return arena
    }

    /// Word of the event with this index on this lane.
    static func word(_ lane: Int, _ index: UInt64) -> UInt64 { UInt64(lane) << 40 | index }

    /// Appends as a thread's emit does, at the machine's next instant: a run is the same for the same seed.
    static func emit(_ index: UInt64, limit: Int, to lane: Lane<ModelledMemory>, number: Int) {
        let machine = ModelledMachine.current!.machine
        machine.ticks += 1 << Stamp.unitShift
        let stamp = Stamp(ticks: machine.ticks)
        WordEvent.text(word(number, index), limit: limit).withUnsafeBytes { raw in
            let record = DenseEncoding.text(TextArgument(raw))
            if !lane.append(record, id: 4, at: stamp, as: DenseEncoding.self) {
                _ = lane.appendOffPath(record, id: 4, at: stamp, as: DenseEncoding.self)
            }
        }
    }

    static func write(_ count: Int, seed: UInt64, to arena: ModelledArena) {
        guard let lane = try? arena.attach(thread: UInt32(seed & 0xFFFF) + 1) else { return }
        let number = arena.view.number(of: lane)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<count {
            emit(lane.position.index, limit: 400 + random.below(600), to: lane, number: number)
        }
        arena.view.detach(lane)
    }

    static func check(_ page: PageContents, _ machine: Machine) {
        for event in page.events {
            guard case .text(let bytes, isTruncated: false) = event.payload,
                let word = UInt64(String(decoding: bytes.prefix { $0 < 58 }, as: UTF8.self)),
                word == self.word(Int(page.header.lane), event.index)
            else {
                machine.report("lane \(page.header.lane) index \(event.index) carries \(event.payload)")
                return
            }
        }
    }

    static func read(_ rounds: Int, seed: UInt64, from arena: ModelledArena, _ machine: Machine) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<rounds {
            guard let page = arena.pin(random.below(arena.geometry.pageCount)) else {
                ModelledMemory.pause()
                continue
            }
            do {
                for _ in 0...random.below(2) { check(try PageContents(page) { _ in .text }, machine) }
            } catch { machine.report("\(error)") }
        }
    }

    /// Writers, lanes that are reused, and a reader.
    static func pages(seed: UInt64, weakened: AccessSite? = nil) -> Machine {
        let machine = Machine(seed: seed, sites: AccessSites(weakened: weakened))
        let arena = arena(machine, pages: 2 + Int(seed % 3), lanes: 8, ticket: seed % 5 == 0 ? (1 << 44) - 5 : 0)
        machine.run([
            ("writer", { for round in 0..<3 as Range<UInt64> { write(5, seed: seed &+ round, to: arena) } }),
            ("writer", { for round in 0..<3 as Range<UInt64> { write(5, seed: seed &+ 100 &+ round, to: arena) } }),
            ("reader", { read(12, seed: seed, from: arena, machine) }),
            ("reader", { read(12, seed: seed &+ 1, from: arena, machine) }),
        ])
        conserve(arena, machine)
        return machine
    }

    /// At rest: every index of a lane up to its position is readable, overwritten or lost, and none twice.
    static func conserve(_ arena: ModelledArena, _ machine: Machine) {
        do {
            for lane in arena.lanes {
                let events = try arena.events(lane: lane.number) { _ in .text }
                if let last = events.keys.max(), last >= lane.events { machine.report("event \(last) was invented") }
                if UInt64(events.count) + lane.lost > lane.events { machine.report("more events than were emitted") }
            }
        } catch { machine.report("\(error)") }
    }

    /// Two writers that hand a token to and fro, over a word of their own, and cuts meanwhile: an event's generation is
    /// never later than that of an event that it happened before.
    static func cuts(seed: UInt64, weakened: AccessSite? = nil, readsCuts: Bool = true) -> Machine {
        let machine = Machine(seed: seed, sites: AccessSites(weakened: weakened))
        // With few pages, events are lost: a cut has to see those, too.
        let arena = arena(machine, pages: seed % 3 == 0 ? 2 : 8, lanes: 4)
        nonisolated(unsafe) let token = SharedWord.allocate(capacity: 1)
        token.initialize(to: Atomic(0))
        defer { token.deallocate() }
        let chain = Shared<[(lane: Int, index: UInt64)]>([])
        let cuts = Shared<[GenerationCut]>([])
        let rounds: UInt64 = 6
        @Sendable func pass(_ parity: UInt64) {
            // The second one attaches after it has the token: its lane comes in the middle of a cut.
            var lane: Lane<ModelledMemory>?
            for turn in 0..<rounds where turn % 2 == parity {
                while ModelledMemory.loadAcquire(token) != turn { ModelledMemory.pause() }
                let mine = lane ?? (try! arena.attach(thread: UInt32(parity) + 1))
                lane = mine
                let number = arena.view.number(of: mine)
                let index = mine.position.index
                emit(index, limit: 900, to: mine, number: number)
                chain.value.append((number, index))
                ModelledMemory.storeRelease(turn + 1, to: token)
            }
        }
        machine.run([
            ("writer", { pass(0) }), ("writer", { pass(1) }),
            // Takes the pages, where there are but two.
            ("writer", { if seed % 3 == 0 { write(6, seed: seed, to: arena) } }),
            (
                "advancer",
                {
                    for _ in 0..<4 {
                        let known = Int(ModelledMemory.loadAcquire(token))
                        let cut = try! arena.advance()
                        cuts.value.append(cut)
                        for event in chain.value[..<known]
                        where !LanePosition.precedes(event.index, cut[event.lane].index) {
                            machine.report(
                                "index \(event.index) of lane \(event.lane) is behind a cut that came after it")
                        }
                        guard readsCuts else { continue }
                        do {
                            for page in try arena.contents(upTo: cut, shape: { _ in .text }) { check(page, machine) }
                        } catch {
                            machine.report("\(error)")
                        }
                    }
                }
            ),
        ])
        var newest: UInt64 = 0
        for event in chain.value {
            let own = generation(ofIndex: event.index, lane: event.lane, by: cuts.value)
            if own < newest { machine.report("generation \(own) after \(newest)") }
            newest = max(newest, own)
        }
        for (earlier, later) in zip(cuts.value, cuts.value.dropFirst()) {
            for lane in 0..<earlier.laneCount
            where LanePosition.precedes(later[lane].index, earlier[lane].index) {
                machine.report("cut \(later.generation) lies before \(earlier.generation)")
            }
        }
        conserve(arena, machine)
        return machine
    }

    /// A writer whose one page is the readers' most of the time: it loses events between two pages.
    static func losses(seed: UInt64, weakened: AccessSite? = nil) -> Machine {
        let machine = Machine(seed: seed, sites: AccessSites(weakened: weakened))
        let arena = arena(machine, pages: 2, lanes: 2)
        let idle = try! arena.attach(thread: 1)
        emit(0, limit: 20, to: idle, number: 0)
        machine.run([
            ("writer", { write(25, seed: seed, to: arena) }),
            ("reader", { read(25, seed: seed, from: arena, machine) }),
            ("reader", { read(25, seed: seed &+ 1, from: arena, machine) }),
        ])
        conserve(arena, machine)
        return machine
    }

    /// A writer that tells how far it came, and cuts meanwhile: each holds what its caller knows of.
    static func marks(seed: UInt64, weakened: AccessSite? = nil) -> Machine {
        let machine = Machine(seed: seed, sites: AccessSites(weakened: weakened))
        let arena = arena(machine, pages: 4, lanes: 1)
        nonisolated(unsafe) let token = SharedWord.allocate(capacity: 1)
        token.initialize(to: Atomic(0))
        defer { token.deallocate() }
        machine.run([
            (
                "writer",
                {
                    let lane = try! arena.attach(thread: 1)
                    for index in 0..<12 as Range<UInt64> {
                        emit(index, limit: 100, to: lane, number: 0)
                        ModelledMemory.storeRelease(index + 1, to: token)
                    }
                }
            ),
            (
                "advancer",
                {
                    for _ in 0..<6 {
                        let known = ModelledMemory.loadAcquire(token)
                        let cut = try! arena.advance()
                        if LanePosition.precedes(cut[0].index, known) {
                            machine.report("the cut is at \(cut[0].index), \(known) events came before it")
                        }
                    }
                }
            ),
        ])
        conserve(arena, machine)
        return machine
    }

    /// A thread ends in the middle of what it does, and another one finds its lane and takes it.
    static func sweep(seed: UInt64, weakened: AccessSite? = nil) -> Machine {
        let machine = Machine(seed: seed, sites: AccessSites(weakened: weakened))
        let arena = arena(machine, pages: 2, lanes: 2)
        let hasEnded = Shared(false)
        machine.run([
            (
                "writer",
                {
                    let lane = try! arena.attach(thread: 77)
                    for index in 0..<UInt64(1 + seed % 7) { emit(index, limit: 900, to: lane, number: 0) }
                    // Not ordered before anything: so ends a thread without a word.
                    hasEnded.value = true
                }
            ),
            (
                "sweeper",
                {
                    while !hasEnded.value { ModelledMemory.pause() }
                    _ = arena.view.sweep { $0 != 77 }
                    write(6, seed: seed, to: arena)
                }
            ),
            ("reader", { read(6, seed: seed, from: arena, machine) }),
        ])
        conserve(arena, machine)
        return machine
    }
}

/// What modelled threads share beside the arena: they run one at a time.
final class Shared<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}
