import Foundation
import Harness
import TraceCore
import TraceFormats

/// The events of a Go execution trace, thread by thread: kinds, times and arguments as Go recorded them.
struct ReplayInput {
    struct Event {
        /// Since the thread's event before, in ticks of this machine's counter.
        var gap: UInt64
        var kind: UInt8
        var arguments: Arguments
    }

    /// At most ``limit`` of them: more than the arena of a sample holds.
    private(set) var events: [Event] = []
    let name: String

    private static let limit = 300_000

    /// The file given by `--input`, or one that the tests have, where the sources are at hand.
    static func path(_ options: SuiteOptions) -> String? {
        if let input = options.input { return input }
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        guard let root = Repository.packageRoot(above: source) else { return nil }
        let path = root + "/Tests/TraceFormatsTests/Data/runtime.trace"
        return FileManager.default.isReadableFile(atPath: path) ? path : nil
    }

    init(path: String) throws {
        name = URL(fileURLWithPath: path).lastPathComponent
        do {
            let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            try read(bytes.span.bytes)
        } catch let error as GoTraceError {
            throw UnusableInput("\(path): \(error)")
        } catch {
            throw UnusableInput("\(path): cannot be read: \(error.localizedDescription)")
        }
    }

    private mutating func read(_ bytes: RawSpan) throws {
        var threads: [UInt64: [GoTraceBatch]] = [:]
        var scanner = try GoTraceScanner(bytes)
        var ticksPerSecond = 1e9
        while let batch = try scanner.nextBatch(in: bytes) {
            if batch.content == .events { threads[batch.thread, default: []].append(batch) }
            if let clock = scanner.clock, clock.ticksPerSecond > 0 { ticksPerSecond = Double(clock.ticksPerSecond) }
        }
        let scale = Ticks.perSecond / ticksPerSecond
        for (_, batches) in threads.sorted(by: { $0.key < $1.key }) {
            var last: UInt64?
            for batch in batches.sorted(by: { $0.timestamp < $1.timestamp }) {
                var cursor = GoTraceRecordCursor(batch)
                while events.count < Self.limit, let record = try cursor.next(in: bytes) {
                    let gap = last.map { Double(record.timestamp &- $0) * scale } ?? 0
                    last = record.timestamp
                    let arguments = record.arguments
                    // A fourth argument, which few kinds have, is left out.
                    let count = min(record.argumentCount, 3)
                    events.append(
                        Event(
                            gap: UInt64(gap), kind: record.kind.rawValue,
                            arguments: Arguments(
                                count: count, a: count > 0 ? arguments[0] : 0, b: count > 1 ? arguments[1] : 0,
                                c: count > 2 ? arguments[2] : 0)))
                }
            }
        }
    }
}

extension EmitPlan {
    mutating func addReplay() throws {
        guard let path = ReplayInput.path(options) else { return }
        let input = try ReplayInput(path: path)
        guard !input.events.isEmpty else { return }
        addReplay(DenseStrategy.self, .library, input)
        addReplay(WordStrategy.self, .strategy, input)
    }

    private mutating func addReplay<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ origin: Origin, _ input: ReplayInput
    ) {
        add("bytes.replay", Strategy.name, origin, ["input": .string(input.name)], unit: .bytesPerEvent) { context in
            Sample(value: try input.bytesPerEvent(as: Strategy.self, seed: context.seed))
        }
    }
}

extension ReplayInput {
    /// Plays the trace over and over, until several pages are full.
    func bytesPerEvent<Strategy: EmitStrategy>(as strategy: Strategy.Type, seed: UInt64) throws -> Double {
        typealias Encoding = Strategy.Encoding
        let stage = try Stage(Strategy.self, seed: seed)
        // A schema of its own for each kind and number of arguments: 4 * kind + count, from 1 on.
        func id(_ event: Event) -> UInt32 { UInt32(4 * (event.kind % 62) + UInt8(event.arguments.count) + 1) }
        let shapes = Dictionary(uniqueKeysWithValues: (1...248 as ClosedRange<UInt16>).map { ($0, Int(($0 - 1) & 3)) })
        let turns = max(1, (Build.configuration == "debug" ? 10_000 : 100_000) / events.count)
        var times: [UInt64] = []
        do {
            let writer = try stage.arena.makeWriter(as: Encoding.self)
            var ticks = Stamp.now.ticks &+ 1 << 20
            for _ in 0..<turns {
                for event in events {
                    ticks &+= event.gap
                    let stamp = Stamp(ticks: ticks)
                    times.append(stamp.units)
                    let (a, b, c) = (event.arguments.a, event.arguments.b, event.arguments.c)
                    let done =
                        switch event.arguments.count {
                        case 0: writer.emit(Encoding.none(), id: id(event), at: stamp)
                        case 1: writer.emit(Encoding.one(a), id: id(event), at: stamp)
                        case 2: writer.emit(Encoding.two(a, b), id: id(event), at: stamp)
                        default: writer.emit(Encoding.three(a, b, c), id: id(event), at: stamp)
                        }
                    guard done else { throw stage.failure("an event was refused", "event \(times.count - 1)") }
                }
            }
        }
        try stage.checkConservation([UInt64(times.count)])
        let contents = try stage.check(code: Encoding.code, newest: Stage.newest, shapes, Strategy.walk) {
            _, index, record in
            let event = events[Int(index) % events.count]
            return record.id == UInt16(id(event)) && record.arguments == event.arguments
                && record.time == times[Int(index)]
        }
        guard let bytes = contents.bytesPerEvent else { throw stage.failure("no page is full", "the arena") }
        return bytes
    }
}
