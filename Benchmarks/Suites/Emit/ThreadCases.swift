import BenchLoad
import CPlatform
import Harness
import MemoryAccess
import TraceCore

// More threads than one.

extension EmitPlan {
    /// Of the arena that two busy threads share, and idle ones hold a page of: 16 MiB.
    private static let manyPages = 1024

    mutating func addThreadFloors() {
        let count = Self.operations(of: 8)
        add("two-threads.u64", "c-ring24", .floor, threads: 2) { context in
            let seed = context.seed
            let (ours, theirs) = (CRing(), CRing())
            defer {
                ours.deallocate()
                theirs.deallocate()
            }
            let sample = try Self.race(&context, count) { range, isHelper in
                FloorLoops.ring(range, isHelper ? theirs : ours, isHelper ? ~seed : seed)
            }
            let count = count + Self.warm(count)
            try ours.check(count, seed: seed) { running($0, seed) }
            try theirs.check(count, seed: seed) { running($0, ~seed) }
            return sample
        }
        // What two processors allow where they share a core.
        add("two-threads.clock", "loop", .floor, threads: 2) { context in
            try Self.race(&context, count) { range, _ in FloorLoops.clock(range) }
        }
    }

    private static func warm(_ count: UInt64) -> UInt64 { count / 8 }

    /// Runs `loop` on two pinned threads, after a warm-up of both: the first event in a new arena takes a lane, and whoever
    /// leaves the old arena last unmaps it.
    private static func race(
        _ context: inout SampleContext, _ count: UInt64,
        _ loop: @Sendable (_ range: Range<UInt64>, _ isHelper: Bool) -> Void
    ) throws -> Sample {
        let warm = warm(count)
        _ = try context.race(
            operations: Int(warm), producer: { loop(0..<warm, true) }, consumer: { loop(0..<warm, false) })
        return try context.race(
            operations: Int(count), producer: { loop(warm..<warm + count, true) },
            consumer: { loop(warm..<warm + count, false) })
    }

    mutating func addThreads<Strategy: EmitStrategy>(_ strategy: Strategy.Type, _ origin: Origin) {
        let count = Self.operations(of: 8)
        add("two-threads.u64", Strategy.name, origin, threads: 2) { context in
            let stage = try Stage(Strategy.self, pages: 128, seed: context.seed)
            return try Self.race(Strategy.self, stage, &context, count, idle: 0)
        }
        // Through writers, into one arena or two. With two, nothing is shared but the processor: what is slower then than
        // on one thread is not the arena's doing.
        for arenas in [1, 2] {
            add("two-threads.writers", Strategy.name, origin, ["arenas": .int(arenas)], threads: 2) { context in
                try Self.raceWriters(Strategy.self, &context, count, arenas: arenas)
            }
        }
        for idle in [0, 200] {
            add("idle-threads", Strategy.name, origin, ["idle": .int(idle)], threads: 2) { context in
                let stage = try Stage(Strategy.self, pages: Self.manyPages, seed: context.seed)
                let crew = IdleThreads(count: idle) { Strategy.emit0() }
                defer { crew.end() }
                return try Self.race(Strategy.self, stage, &context, count, idle: idle)
            }
        }
        // Of the arena that holds nothing but pages of idle threads.
        add("idle-threads", Strategy.name, origin, ["idle": 200], unit: .ratio) { context in
            let stage = try Stage(Strategy.self, pages: Self.manyPages, seed: context.seed)
            let crew = IdleThreads(count: 200) { Strategy.emit0() }
            defer { crew.end() }
            // Far enough for the busy thread to have gone around once.
            let busy = UInt64(Self.manyPages * 16384 / 4) / (Build.configuration == "debug" ? 50 : 1)
            let seed = context.seed
            EmitLoops<Strategy>.one(0..<busy, seed)
            try stage.checkConservation([busy] + Array(repeating: 1, count: 200))
            let main = Self.laneOfThisThread(stage)
            let contents = try stage.check(as: Strategy.self) { lane, index, record in
                lane == main ? record.arguments == Arguments(running(index, seed)) : record.id == Strategy.ids.zero
            }
            let held = contents.pages.count { Int($0.lane) != main }
            return Sample(value: Double(held) / Double(Self.manyPages))
        }
        addFirstTouch(Strategy.self, origin)
    }

    private static func laneOfThisThread(_ stage: Stage) -> Int? {
        stage.arena.lanes.first { $0.thread == cplatform_thread_id() }?.number
    }

    /// Two pinned threads emit as fast as they can, into one arena.
    private static func race<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ stage: Stage, _ context: inout SampleContext, _ count: UInt64, idle: Int
    ) throws -> Sample {
        let seed = context.seed
        // Numbers of the helper are told from ours by a bit.
        let mark: UInt64 = 1 << 19
        let sample = try race(&context, count) { EmitLoops<Strategy>.marked($0, seed, $1 ? mark : 0) }
        let count = count + warm(count)
        try stage.checkConservation([count, count] + Array(repeating: 1, count: idle))
        let main = laneOfThisThread(stage)
        let helper = stage.arena.lanes.first { $0.events == count && $0.number != main }?.number
        try stage.check(as: Strategy.self) { lane, index, record in
            switch lane {
            case main: record.arguments == Arguments(markedValue(index, seed, 0))
            case helper: record.arguments == Arguments(markedValue(index, seed, mark))
            default: record.id == Strategy.ids.zero
            }
        }
        return sample
    }

    /// Two pinned threads emit as fast as they can, each through a writer of its own.
    private static func raceWriters<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ context: inout SampleContext, _ count: UInt64, arenas: Int
    ) throws -> Sample {
        let seed = context.seed
        let stages = try (0..<arenas).map { _ in
            try Stage(Strategy.self, pages: 128 / arenas, isTrace: false, seed: seed)
        }
        let id = UInt32(Strategy.ids.one)
        let sample: Sample
        do {
            let ours = try stages[0].arena.makeWriter(as: Strategy.Encoding.self)
            let theirs = try stages[arenas - 1].arena.makeWriter(as: Strategy.Encoding.self)
            sample = try race(&context, count) { range, isHelper in
                if isHelper {
                    EmitLoops<Strategy>.write(range, theirs, id, seed)
                } else {
                    EmitLoops<Strategy>.write(range, ours, id, seed)
                }
            }
        }
        for stage in stages {
            try stage.checkConservation(Array(repeating: count + warm(count), count: 2 / arenas))
            try stage.check(as: Strategy.self) { $2.arguments == Arguments(running($1, seed)) }
        }
        return sample
    }

    /// The first event of a thread: takes a lane and a page.
    private mutating func addFirstTouch<Strategy: EmitStrategy>(_ strategy: Strategy.Type, _ origin: Origin) {
        let threads = Build.configuration == "debug" ? 4 : 40
        add("first-touch", Strategy.name, origin, unit: .nanoseconds) { context in
            let seed = context.seed
            let stage = try Stage(Strategy.self, seed: seed)
            var lengths: [Double] = []
            for number in 0..<UInt64(threads) {
                nonisolated(unsafe) var length = 0.0
                Worker {
                    let start = Ticks.now()
                    Strategy.emit1(running(number, seed))
                    length = Ticks.nanoseconds(from: start, to: Ticks.now())
                }.join()
                lengths.append(length)
            }
            // One after the other, so that all had the same lane.
            try stage.checkConservation([UInt64(threads)])
            try stage.check(as: Strategy.self) { $2.arguments == Arguments(running($1, seed)) }
            return Sample(value: lengths.sorted()[lengths.count / 2])
        }
    }
}

/// As ``running(_:_:)``, with a bit that tells who emitted.
@inline(__always)
private func markedValue(_ index: UInt64, _ seed: UInt64, _ mark: UInt64) -> UInt64 {
    (index &+ seed) & 0x7_FFFF | mark
}

extension EmitLoops {
    @inline(never)
    static func marked(_ range: Range<UInt64>, _ seed: UInt64, _ mark: UInt64) {
        for index in range { Strategy.emit1(markedValue(index, seed, mark)) }
    }

    @inline(never)
    static func write(
        _ range: Range<UInt64>, _ writer: borrowing LaneWriter<NativeMemory, Strategy.Encoding>, _ id: UInt32,
        _ seed: UInt64
    ) {
        for index in range { writer.emit(Strategy.Encoding.one(running(index, seed)), id: id) }
    }
}
