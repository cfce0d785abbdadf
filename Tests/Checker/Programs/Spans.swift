package import Checker
import FlightRecording
import MemoryAccess
import TraceCore

/// Open spans, of threads and across them, and how subscribers are told and held back.
package enum Spans {
    /// A thread that begins and ends spans, and somebody who lists the open ones.
    static func stack(_ name: String, ahead: Int, ends: Int, begins: Int) -> Program {
        Program(name) { machine in
            let stage = Pages.Stage(machine, pages: 2, lanes: 1)
            let lane = stage.attach(1)
            var units: UInt64 = 0
            func begin(_ depth: UInt64) {
                units += 1
                // The id tells the depth, the start the instant.
                SpanPush.apply(to: lane, at: depth, id: UInt32(2 * depth + 2), units: units)
            }
            for depth in 0..<UInt64(ahead) { begin(depth) }
            return .init([
                (
                    "thread",
                    {
                        var depth = UInt64(ahead)
                        for _ in 0..<ends {
                            SpanPop.apply(to: lane, at: depth, id: 0, units: 0)
                            depth -= 1
                        }
                        for _ in 0..<begins {
                            begin(depth)
                            depth += 1
                        }
                    }
                ),
                (
                    "reader",
                    {
                        let entries = lane.openSpans().entries
                        for (depth, entry) in entries.enumerated() where Int(entry.id) != 2 * depth + 2 {
                            machine.report("at depth \(depth) stands \(entry.id)")
                        }
                        for (outer, inner) in zip(entries, entries.dropFirst()) where outer.word >> 16 >= inner.word >> 16 {
                            machine.report("a span began before the one that it is in")
                        }
                    }
                ),
            ], finish: { withExtendedLifetime(stage) {} })
        }
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
        return .init([
            (
                "thread",
                {
                    view.unlist(first, slot: slot)
                    // Of a span that has ended: frees nothing.
                    view.unlist(first, slot: slot)
                    if view.list(span(second)) != slot { machine.report("another slot") }
                }
            ),
            (
                "reader",
                {
                    for _ in 0..<2 {
                        guard let found = view.listedSpan(in: slot) else { continue }
                        if found.entry.word != found.number || found.lane != UInt32(truncatingIfNeeded: found.number) {
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

    package static let programs: [Program] = [
        stack("spans of a thread, a begin", ahead: 1, ends: 0, begins: 1),
        stack("spans of a thread, an end and a begin", ahead: 2, ends: 1, begins: 1),
        stack("spans of a thread, ends and begins", ahead: 2, ends: 2, begins: 2),
        table,
        alarm,
        budget,
    ]
}
