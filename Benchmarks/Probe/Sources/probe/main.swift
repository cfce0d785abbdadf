import Dispatch
import FlightRecording
import Synchronization

// Emits, each in a function of its own, whose machine code and number of instructions scripts/check-emit and
// scripts/instructions look at.
//
// usage: probe TIMES [none | zero | u64 | two | three | pair | off | measure | measure.off | await | await.off | all]

enum Events {
    static let zero = Event0("zero", category: "probe")
    static let one = Event1<UInt64>("one", category: "probe", "value")
    static let two = Event2<UInt64, Int32>("two", category: "probe", "a", "b")
    static let three = Event3<UInt64, Int, Double>("three", category: "probe", "a", "b", "c")
    static let span = SpanEvent("span", category: "probe")
    static let counter = CounterEvent<Int>("counter", category: "probe")
    static let off = Event1<UInt64>("off", category: "probe.off", "value")
    static let offSpan = SpanEvent("off span", category: "probe.off")
    static let offRequest = AsyncSpanEvent("off request", category: "probe.off")
    static let request = AsyncSpanEvent("request", category: "probe")
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

@inline(never) func hotMeasure(_ value: UInt64) {
    Events.span.measure { measured.store(value, ordering: .relaxed) }
}
@inline(never) func hotMeasureOff(_ value: UInt64) {
    Events.offSpan.measure { measured.store(value &+ 1, ordering: .relaxed) }
}
@inline(never) func offAcross(_ value: UInt64) {
    Events.offRequest.measure { measured.store(value &+ 2, ordering: .relaxed) }
}
let measured = Atomic<UInt64>(0)

@inline(never) func awaited(_ times: UInt64, _ event: borrowing AsyncSpanEvent) async {
    for value in 0..<times {
        await event.measure {
            measured.store(value, ordering: .relaxed)
            await nothing()
        }
    }
}
/// Top-level code stays synchronous: callgrind does not follow an asynchronous start of the program.
func finish(_ body: @escaping @Sendable () async -> Void) {
    let hasEnded = DispatchSemaphore(value: 0)
    Task {
        await body()
        hasEnded.signal()
    }
    hasEnded.wait()
}
@inline(never) func nothing() async { measured.wrappingAdd(1, ordering: .relaxed) }

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

// The same in a loop that they are inlined into, as in a user's function: what is counted is the emit, without a call.
// `mask` keeps the compiler from knowing anything of the values, and an end that is loaded at each turn keeps it from
// unrolling the loop that emits nothing.
let end = Atomic<UInt64>(0)

@inline(__always)
func loop(_ times: UInt64, _ mask: UInt64, _ emit: (UInt64) -> Void) {
    end.store(times, ordering: .relaxed)
    var index: UInt64 = 0
    while index < end.load(ordering: .relaxed) {
        emit(index & mask)
        index &+= 1
    }
}

@inline(never) func loopNone(_ times: UInt64, _ mask: UInt64) { loop(times, mask) { _ in } }
@inline(never) func loopZero(_ times: UInt64, _ mask: UInt64) { loop(times, mask) { _ in Events.zero.emit() } }
@inline(never) func loopU64(_ times: UInt64, _ mask: UInt64) { loop(times, mask) { Events.one.emit($0) } }
@inline(never) func loopTwo(_ times: UInt64, _ mask: UInt64) { loop(times, mask) { Events.two.emit($0, 7) } }
@inline(never) func loopThree(_ times: UInt64, _ mask: UInt64) {
    loop(times, mask) { Events.three.emit($0, Int(truncatingIfNeeded: $0), 1.5) }
}
@inline(never) func loopPair(_ times: UInt64, _ mask: UInt64) {
    loop(times, mask) { _ in Events.span.end(beginning: Events.span) }
}
@inline(never) func loopOff(_ times: UInt64, _ mask: UInt64) { loop(times, mask) { Events.off.emit(~$0) } }

func run() throws {
    let arguments = CommandLine.arguments
    let times = arguments.count > 1 ? UInt64(arguments[1]) ?? 1 : 1
    let name = arguments.count > 2 ? arguments[2] : "u64"
    let mask: UInt64 = arguments.count > 3 ? .max : 0xF_FFFF

    let arena = try Arena(ArenaGeometry(pageCount: 64))
    Trace.setCategory("probe.off", isOn: false)
    try Trace.start(arena)
    switch name {
    case "none": loopNone(times, mask)
    case "zero": loopZero(times, mask)
    case "u64": loopU64(times, mask)
    case "two": loopTwo(times, mask)
    case "three": loopThree(times, mask)
    case "pair": loopPair(times, mask)
    case "off": loopOff(times, mask)
    case "measure": loop(times, mask) { hotMeasure($0) }
    case "measure.off": loop(times, mask) { hotMeasureOff($0) }
    case "await": finish { await awaited(times, Events.request) }
    case "await.off": finish { await awaited(times, Events.offRequest) }
    default:
        // So that they are all compiled.
        for value in 0..<times {
            hotZero(value)
            hotU64(value)
            hotTwo(value)
            hotThree(value)
            hotSpan(value)
            hotPair(value)
            hotCounter(value)
            hotOff(value)
            hotMeasure(value)
            hotMeasureOff(value)
            offAcross(value)
            badEmit(value)
        }
    }
    Trace.stop()
    let events =
        [
            "none": 0, "off": 0, "measure.off": 0, "await.off": 0, "pair": 2 * times, "measure": 2 * times,
            "await": 2 * times,
        ][name] ?? times
    let lanes = arena.lanes
    guard name == "all" || lanes.map(\.events).reduce(0, +) == events, lanes.allSatisfy({ $0.lost == 0 }) else {
        fatalError("\(events) events were emitted: \(lanes)")
    }
}

try run()
