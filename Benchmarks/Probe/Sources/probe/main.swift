import TraceCore

// Emits, each in a function of its own, whose machine code and number of instructions scripts/check-emit and
// scripts/instructions look at.
//
// usage: probe TIMES [EVENT]

enum Events {
    static let zero = Event0("zero", category: "probe")
    static let one = Event1<UInt64>("one", category: "probe", "value")
    static let two = Event2<UInt64, Int32>("two", category: "probe", "a", "b")
    static let three = Event3<UInt64, Int, Double>("three", category: "probe", "a", "b", "c")
    static let span = SpanEvent("span", category: "probe")
    static let counter = CounterEvent<Int>("counter", category: "probe")
    static let off = Event1<UInt64>("off", category: "probe.off", "value")
}

@inline(never) func hotZero(_ value: UInt64) { Events.zero.emit() }
@inline(never) func hotU64(_ value: UInt64) { Events.one.emit(value) }
@inline(never) func hotTwo(_ value: UInt64) { Events.two.emit(value, 7) }
@inline(never) func hotThree(_ value: UInt64) {
    Events.three.emit(value, Int(truncatingIfNeeded: value), Double(value))
}
@inline(never) func hotSpan(_ value: UInt64) {
    Events.span.begin()
    Events.span.end()
}
@inline(never) func hotPair(_ value: UInt64) { Events.span.end(beginning: Events.span) }
@inline(never) func hotCounter(_ value: UInt64) {
    Events.counter.set(Int(truncatingIfNeeded: value))
}
@inline(never) func hotOff(_ value: UInt64) {
    // Not what hotU64 does: the compiler makes one function of two that are alike.
    Events.off.emit(~value)
}

// What must not be: a handle that is no constant, so that each emit asks whether it was made, counts references and checks
// for exclusive access. scripts/check-emit has to find it.
final class Holder {
    let event: EventState
    var count: UInt64 = 0
    init(_ name: StaticString) { event = EventState(name, category: "probe", kind: .instant) }
}
nonisolated(unsafe) var holder: Holder = CommandLine.argc > 9 ? Holder("other") : Holder("bad")
@inline(never) func badEmit(_ value: UInt64) {
    let kept = holder
    kept.count += value
    if kept.event.isOn { names.append(kept.event.name.description) }
}
nonisolated(unsafe) var names: [String] = []

let arguments = CommandLine.arguments
let times = arguments.count > 1 ? UInt64(arguments[1]) ?? 1 : 1
let name = arguments.count > 2 ? arguments[2] : "u64"

// One page more than two, and so small that a run of some thousand events rotates often.
let arena = try Arena(ArenaGeometry(pageCount: 64))
Trace.setCategory("probe.off", isOn: false)
try Trace.start(arena)
switch name {
case "zero": for value in 0..<times { hotZero(value) }
case "u64": for value in 0..<times { hotU64(value & 0xF_FFFF) }
case "two": for value in 0..<times { hotTwo(value) }
case "three": for value in 0..<times { hotThree(value) }
case "span": for value in 0..<times { hotSpan(value) }
case "pair": for value in 0..<times { hotPair(value) }
case "counter": for value in 0..<times { hotCounter(value) }
case "off": for value in 0..<times { hotOff(value) }
case "bad": for value in 0..<times { badEmit(value) }
default: fatalError("no event is named \(name)")
}
Trace.stop()
let expected = name == "off" || name == "bad" ? 0 : name == "span" || name == "pair" ? 2 * times : times
let lanes = arena.lanes
precondition(lanes.map(\.events).reduce(0, +) == expected, "\(lanes)")
precondition(lanes.allSatisfy { $0.lost == 0 }, "\(lanes)")
