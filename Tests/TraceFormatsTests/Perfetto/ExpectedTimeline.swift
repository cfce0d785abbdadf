import TraceCore
import TraceFormats
import TraceTestSupport

/// What a viewer has to make of a file, built from what the timeline tells of it.
struct ExpectedTimeline {
    enum Track: Hashable {
        case thread(Int)
        case span(UInt64)
        case losses(Int)
    }

    struct Slice {
        var track: Track
        var trackName: String
        var name: String
        var category: String
        /// Nanoseconds of the monotonic clock.
        var begin: Int64
        var end: Int64
        /// How many slices it is inside of, and the innermost of them: its place among those of the track.
        var depth = 0
        var parent: Int?
        /// Of its record, in order.
        var arguments: [CollectingSink.Argument] = []
        /// Beside the arguments.
        var isCutOff = false
        var isUnfinished = false
        var lost: UInt64?
        var span: TimelineAsyncSpan?
        var threads: (begin: UInt32, end: UInt32?)?
        var kind = EventKind.begin
        /// Without a begin and an end.
        var isPoint = false
    }

    struct Counter: Hashable {
        var name: String
        var unit: String
        var time: Int64
        var value: Double
    }

    /// From one slice to another: places among those of their threads.
    struct Arrow: Hashable {
        var fromThread: Int
        var from: Int
        var toThread: Int
        var to: Int
    }

    let context: TimelineContext
    /// As the context's: with a number of its own each, 2^30 and more for all but the first of the same number, and for 0.
    let threads: [(id: UInt32, name: String)]
    /// Of each track, in the order of their begins.
    private(set) var slices: [Track: [Slice]] = [:]
    private(set) var counters: [Counter] = []
    private(set) var arrows: [Arrow] = []

    private var open: [Track: [Int]] = [:]
    private var flows: [FlowKey: (thread: Int, place: Int)] = [:]

    private struct FlowKey: Hashable {
        var number: UInt64
        var name = ""
        var category = ""
    }

    /// - Parameter isOneFlowANumber: else only the events of one name and category make a flow, and only behind its begin.
    init(_ file: [UInt8], isOneFlowANumber: Bool) throws {
        let sink = try CollectingSink.collect(file)
        context = sink.context!
        var next: UInt32 = 1 << 30
        var seen: Set<UInt32> = [0]
        threads = context.threads.map { thread in
            if seen.insert(thread.id).inserted { return (thread.id, thread.name) }
            defer { next += 1 }
            return (next, "\(thread.name.isEmpty ? "thread" : thread.name) (id \(thread.id))")
        }
        for item in sink.items { take(item, isOneFlowANumber) }
    }

    func time(_ time: Int64) -> Int64 {
        time - context.index.header.start.wall + Int64(context.index.header.start.monotonic)
    }

    private mutating func take(_ item: CollectingSink.Item, _ isOneFlowANumber: Bool) {
        let thread = Track.thread(item.thread)
        switch item.what {
        case .spanBegin(let isCutOff):
            var slice = slice(thread, item)
            slice.isCutOff = isCutOff
            begin(slice)
        case .spanEnd(let isUnfinished): end(thread, item, isUnfinished)
        case .asyncBegin(let span, let isCutOff):
            var slice = slice(.span(span.number), item)
            slice.trackName = span.taskName ?? item.name
            slice.span = span
            slice.isCutOff = isCutOff
            slice.threads = (threads[item.thread].id, nil)
            begin(slice)
        case .asyncEnd(let span, let isUnfinished):
            let track = Track.span(span.number)
            if !isUnfinished { slices[track]![0].threads!.end = threads[item.thread].id }
            end(track, item, isUnfinished)
        case .instant: point(thread, item)
        case .counter:
            let argument = item.arguments[0]
            counters.append(
                Counter(
                    name: item.name, unit: argument.unit, time: time(item.time), value: argument.value.number!))
        case .flow(let number):
            point(thread, item, isPoint: isOneFlowANumber)
            let key =
                isOneFlowANumber
                ? FlowKey(number: number) : FlowKey(number: number, name: item.name, category: item.category)
            go(on: key, item, isOneFlowANumber)
        case .lost(let from, let count):
            var slice = slice(.losses(item.thread), item)
            slice.name = "lost \(count) events"
            slice.trackName = "lost events"
            slice.begin = time(from)
            slice.lost = count
            begin(slice)
            end(.losses(item.thread), item, false)
        }
    }

    private func slice(_ track: Track, _ item: CollectingSink.Item) -> Slice {
        Slice(
            track: track, trackName: context.threads[item.thread].name, name: item.name, category: item.category,
            begin: time(item.time), end: .max, arguments: item.arguments, kind: item.kind)
    }

    /// The trace processor takes a point that follows another at the same time for its child.
    private mutating func closePoints(_ track: Track, before time: Int64) {
        while let place = open[track]?.last, let slice = slices[track]?[place], slice.isPoint, slice.begin < time {
            open[track]!.removeLast()
        }
    }

    private mutating func begin(_ slice: Slice) {
        var slice = slice
        closePoints(slice.track, before: slice.isPoint ? slice.begin : slice.begin + 1)
        slice.depth = open[slice.track]?.count ?? 0
        slice.parent = open[slice.track]?.last
        open[slice.track, default: []].append(slices[slice.track]?.count ?? 0)
        slices[slice.track, default: []].append(slice)
    }

    private mutating func end(_ track: Track, _ item: CollectingSink.Item, _ isUnfinished: Bool) {
        closePoints(track, before: .max)
        let place = open[track]!.removeLast()
        slices[track]![place].end = time(item.time)
        slices[track]![place].isUnfinished = isUnfinished
    }

    private mutating func point(_ thread: Track, _ item: CollectingSink.Item, isPoint: Bool = true) {
        var slice = slice(thread, item)
        slice.end = slice.begin
        slice.isPoint = isPoint
        begin(slice)
        if !isPoint { end(thread, item, false) }
    }

    private mutating func go(on key: FlowKey, _ item: CollectingSink.Item, _ isOneFlowANumber: Bool) {
        let here = (item.thread, slices[.thread(item.thread)]!.count - 1)
        if let last = flows[key], isOneFlowANumber || item.kind != .flowBegin {
            arrows.append(Arrow(fromThread: last.thread, from: last.place, toThread: here.0, to: here.1))
        } else if !isOneFlowANumber, flows[key] != nil || item.kind != .flowBegin {
            return
        }
        // An end that was not begun leaves nothing open.
        flows[key] = item.kind == .flowEnd ? nil : here
    }
}
