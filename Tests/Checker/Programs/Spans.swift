package import Checker
import CPlatform
import FlightRecording
import MemoryAccess
import TraceCore

/// Open spans, of threads and across them, and how subscribers are told and held back.
package enum Spans {
    private enum Change {
        case begin, end
        /// The same off the path: at any depth.
        case beginAnywhere
        /// The end of the span that was begun at this depth.
        case endAnywhere(UInt64)
        /// The event of the span at this depth is switched off, and counts as closed from then on.
        case unlist(UInt64)
    }

    /// A thread that begins and ends spans, and somebody who lists the open ones.
    ///
    /// - Parameter whole: depths at which none may be missing. Nil: all.
    private static func stack(
        _ name: String, ahead: Int, whole: Set<UInt64>? = nil, _ changes: [Change]
    ) -> Program {
        Program("spans of a thread, \(name)") { machine in
            let stage = Pages.Stage(machine, pages: 2, lanes: 1)
            let lane = stage.attach(1)
            var units: UInt64 = 1
            // The id tells the depth, the start the instant; of spans that close others' entries, any depth may be in any place.
            func id(_ depth: UInt64) -> UInt32 { UInt32(2 * depth + 2) }
            func change(_ change: Change, at depth: inout UInt64) {
                units += 1
                switch change {
                case .begin:
                    SpanPush.apply(to: lane, at: depth, id: id(depth), units: units)
                    depth += 1
                case .end:
                    SpanPop.apply(to: lane, at: depth, id: 0, units: units)
                    depth -= 1
                case .beginAnywhere:
                    SpanPush.applyOffPath(to: lane, id: id(depth), units: units)
                    depth = CheckedMemory.loadRelaxed(lane.depth)
                case .endAnywhere(let begun):
                    SpanPop.applyOffPath(to: lane, id: id(begun) + 1, units: units)
                    depth = CheckedMemory.loadRelaxed(lane.depth)
                case .unlist(let begun): cplatform_set_event_switch_time(UInt16(id(begun)), units + 1)
                }
            }
            var depth: UInt64 = 0
            for _ in 0..<ahead { change(.begin, at: &depth) }
            return .init(
                [
                    (
                        "thread",
                        {
                            var depth = UInt64(ahead)
                            for step in changes { change(step, at: &depth) }
                        }
                    ),
                    (
                        "reader",
                        {
                            let (entries, depth) = lane.openSpans()
                            if whole?.contains(depth) ?? true,
                                entries.count != min(depth, Pages.CheckedLane.spanCapacity)
                            {
                                machine.report("\(entries.count) spans at a depth of \(depth)")
                            }
                            for entry in entries where entry.word == 0 { machine.report("an entry of no span") }
                            for (outer, inner) in zip(entries, entries.dropFirst())
                            where outer.word >> 16 >= inner.word >> 16 || outer.id >= inner.id {
                                machine.report("\(outer) began before \(inner), which it is in")
                            }
                        }
                    ),
                ],
                finish: {
                    for depth in 0..<32 as Range<UInt64> { cplatform_set_event_switch_time(UInt16(id(depth)), 0) }
                    withExtendedLifetime(stage) {}
                })
        }
    }

    /// A lane that goes from one thread to another, both with an open span: none is taken for the other's.
    static let holders = Program("spans of a thread, a lane that changes hands") { machine in
        let stage = Pages.Stage(machine, pages: 2, lanes: 1)
        let thread = cplatform_thread_id()
        let lane = stage.attach(thread)
        SpanPush.apply(to: lane, at: 0, id: 2, units: 1)
        return .init(
            [
                (
                    "threads",
                    {
                        stage.view.detach(lane)
                        // Any thread of the process that lives.
                        let other = stage.attach(1)
                        SpanPush.apply(to: other, at: 0, id: 4, units: 2)
                    }
                ),
                (
                    "reader",
                    {
                        for span in stage.view.openSpans(ofLane: 0, before: 100)
                        where (span.thread == thread) != (span.schema == 2) {
                            machine.report("span \(span.schema) of thread \(span.thread)")
                        }
                    }
                ),
            ], finish: { withExtendedLifetime(stage) {} })
    }

    /// A slot of the table of spans across threads, which one span leaves to the next.
    static let table = Program("spans across threads, a slot and two spans") { machine in
        let stage = Pages.Stage(machine, pages: 2, lanes: 1)
        let view = stage.view
        // A slot follows from the number; these two have the same.
        let (first, second) = (UInt64(5), UInt64(5 + 1024 * 1024))
        func span(_ number: UInt64) -> AsyncSpanTable.Span {
            AsyncSpanTable.Span(
                number: number, entry: SpanEntry(word: number), lane: UInt32(truncatingIfNeeded: number), thread: 1)
        }
        let slot = view.list(span(first))!
        view.unlist(first, slot: slot)
        // A slot is one span's at a time: what the next one stores comes after.
        machine.requireOrder(of: [view.asyncSpan(slot, 8), view.asyncSpan(slot, 16)])
        return .init(
            [
                (
                    "thread",
                    {
                        guard view.list(span(first)) == slot else { return }
                        view.unlist(first, slot: slot)
                        // Of a span that has ended: frees nothing.
                        view.unlist(first, slot: slot)
                    }
                ),
                (
                    "another thread",
                    {
                        guard view.list(span(second)) == slot else { return }
                        if CheckedMemory.loadRelaxed(view.asyncSpan(slot, 0)) != second {
                            machine.report("its slot was freed")
                        }
                    }
                ),
                (
                    "reader",
                    {
                        for _ in 0..<2 {
                            guard let found = view.listedSpan(in: slot) else { continue }
                            if found.entry.word != found.number
                                || found.lane != UInt32(truncatingIfNeeded: found.number)
                            {
                                machine.report("a mixture of two spans: \(found)")
                            }
                        }
                    }
                ),
            ], finish: { withExtendedLifetime(stage) {} })
    }

    /// A subscriber that sleeps until there is something.
    static let alarm = Program("subscribers, an alarm") { machine in
        let alarm = GenericAlarm<CheckedMemory>()
        let words = Words(1)
        let sleep: () -> Void = {
            while true {
                let rings = alarm.rings
                if CheckedMemory.loadRelaxed(words[0]) != 0 { return }
                alarm.sleep(since: rings, nanoseconds: 0)
            }
        }
        return .init([
            ("sleeper", sleep), ("another sleeper", sleep),
            (
                "ringer",
                {
                    CheckedMemory.storeRelaxed(1, to: words[0])
                    alarm.ring()
                }
            ),
        ])
    }

    /// A page is pinned for subscribers only when another one has been let go.
    static let budget = Program("subscribers, pins within their budget") { machine in
        let budget = GenericPinBudget<CheckedMemory>(1)
        let words = LastWords()
        if !budget.take() { machine.report("no pin to be had") }
        return .init([
            (
                "subscriber",
                {
                    words.say()
                    budget.give(1)
                }
            ),
            ("hub", { if budget.take() { words.read() } }),
        ])
    }

    /// Threads on their way to arenas that are made, recorded into, and taken away, one after the other.
    private static func door(_ name: String, visitors: Int) -> Program {
        Program("recordings, \(name) at the door of an arena") { machine in
            let door = ArenaDoor<CheckedMemory>()
            let arenas = [8: LastWords(), 16: LastWords()]
            let visit: () -> Void = {
                _ = door.visit { address in
                    guard let arena = arenas[Int(address)] else { return machine.report("led to \(address)") }
                    arena.read()
                }
            }
            return .init(
                [
                    (
                        "recorder",
                        {
                            for (address, arena) in arenas.sorted(by: { $0.key < $1.key }) {
                                // As who makes it, then as who frees it.
                                arena.say()
                                door.open(UInt64(address))
                                if door.close() != UInt64(address) { machine.report("something else was inside") }
                                arena.say()
                            }
                            door.open(0)
                        }
                    )
                ] + (0..<visitors).map { ("visitor \($0)", visit) })
        }
    }

    /// So many have room at a thread's lane.
    private static let room = Int(Pages.CheckedLane.spanCapacity)

    package static let programs: [Program] = [
        stack("a begin", ahead: 1, [.begin]),
        stack("an end and a begin", ahead: 2, [.end, .begin]),
        stack("ends and begins", ahead: 2, [.end, .end, .begin, .begin]),
        stack("begins and an end", ahead: 0, [.begin, .begin, .end]),
        stack("an end of an outer one", ahead: 0, [.begin, .begin, .begin, .endAnywhere(1), .begin]),
        stack("one more than has room", ahead: room - 1, [.begin, .beginAnywhere]),
        stack("one more than has room, which ends", ahead: room - 1, [.begin, .beginAnywhere, .endAnywhere(40)]),
        stack(
            "room made by those that count as closed", ahead: room - 2, whole: [UInt64(room - 3)],
            [
                .begin, .begin, .unlist(UInt64(room - 5)), .unlist(UInt64(room - 4)), .unlist(UInt64(room - 3)),
                .beginAnywhere,
            ]),
        holders,
        table,
        door("a thread", visitors: 1),
        door("two threads", visitors: 2),
        alarm,
        budget,
    ]
}
