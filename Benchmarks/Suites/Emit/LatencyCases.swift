import BenchLoad
import CFloor
import CPlatform
import Harness
import Histogram
import MemoryAccess
import TraceCore

// How long single emits take: the cycle counter before and after each.

/// The percentiles that are shown.
enum Percentile: String, CaseIterable {
    case p50, p99
    case p999 = "p99.9"
    case p9999 = "p99.99"
    case max

    var share: Double {
        switch self {
        case .p50: 50
        case .p99: 99
        case .p999: 99.9
        case .p9999: 99.99
        case .max: 100
        }
    }
}

/// One histogram a round, of which each percentile is a contender: who asks first has it made.
final class SharedHistogram {
    private var seed: UInt64?
    private var figures: [Percentile: Double] = [:]

    /// - Parameter measure: durations in ticks.
    func sample(
        _ percentile: Percentile, _ context: inout SampleContext,
        _ measure: (inout SampleContext) throws -> Histogram<UInt32>
    ) throws -> Sample {
        // Each is asked for once a round; again, and it is another round, or one that counts allocations.
        if seed != context.seed || figures[percentile] == nil {
            seed = context.seed
            let histogram = try measure(&context)
            for each in Percentile.allCases {
                let ticks = each == .max ? histogram.max : histogram.valueAtPercentile(each.share)
                figures[each] = Ticks.nanoseconds(from: 0, to: ticks)
            }
        }
        return Sample(value: figures.removeValue(forKey: percentile) ?? 0)
    }
}

extension EmitPlan {
    private static var latencyCount: UInt64 { operations(of: 8) / 2 }

    mutating func addLatencyFloors() {
        let shared = SharedHistogram()
        let count = Self.latencyCount
        for percentile in Percentile.allCases {
            add("latency", "c-ring24", .floor, Self.parameters(percentile), unit: .nanoseconds) { context in
                try shared.sample(percentile, &context) { context in
                    let ring = CRing()
                    defer { ring.deallocate() }
                    let seed = context.seed
                    let warm = CRing.usualCapacity
                    FloorLoops.ring(0..<warm, ring, seed)
                    let histogram = Self.measure(&context, count) { lengths in
                        LatencyLoops.ring(warm..<warm + count, ring, seed, lengths)
                    }
                    try ring.check(warm + count, seed: seed) { running($0, seed) }
                    return histogram
                }
            }
        }
    }

    mutating func addLatencies<Strategy: EmitStrategy>(_ strategy: Strategy.Type, _ origin: Origin) {
        addLatencies(Strategy.self, origin, Percentile.allCases, pages: 64)
        // Of one event in 3000 that begins a page, p99.99 sees many; of one in 12000, few.
        addLatencies(Strategy.self, origin, [.p999, .p9999], pages: 16, ["page-KiB": 64], pageByteCount: 64 << 10)
        addRotations(Strategy.self, origin)
    }

    private mutating func addLatencies<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ origin: Origin, _ percentiles: [Percentile], pages: Int,
        _ parameters: [String: ParameterValue] = [:], pageByteCount: Int = 16 << 10
    ) {
        let shared = SharedHistogram()
        let count = Self.latencyCount
        for percentile in percentiles {
            let parameters = parameters.merging(Self.parameters(percentile)) { $1 }
            add("latency", Strategy.name, origin, parameters, unit: .nanoseconds) { context in
                try shared.sample(percentile, &context) { context in
                    let stage = try Stage(
                        Strategy.self, pages: pages, pageByteCount: pageByteCount, seed: context.seed)
                    let seed = context.seed
                    let warm = CRing.usualCapacity
                    EmitLoops<Strategy>.one(0..<warm, seed)
                    let histogram = Self.measure(&context, count) { lengths in
                        LatencyLoops.emits(Strategy.self, warm..<warm + count, seed, lengths)
                    }
                    try stage.checkConservation([warm + count])
                    try stage.check(as: Strategy.self) { $2.arguments == Arguments(running($1, seed)) }
                    return histogram
                }
            }
        }
    }

    private mutating func addRotations<Strategy: EmitStrategy>(_ strategy: Strategy.Type, _ origin: Origin) {
        for medium in [Stage.Medium.memory, .file] {
            let shared = SharedHistogram()
            for percentile in [Percentile.p50, .p99] {
                var parameters = Self.parameters(percentile)
                parameters["arena"] = .string(medium.rawValue)
                add("rotation", Strategy.name, origin, parameters, unit: .nanoseconds) { context in
                    try shared.sample(percentile, &context) { context in
                        // 4 MiB: more than the caches next to the core hold.
                        try Self.rotations(Strategy.self, &context, medium, pages: 256)
                    }
                }
            }
        }
    }

    private static func rotations<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ context: inout SampleContext, _ medium: Stage.Medium, pages: Int
    ) throws -> Histogram<UInt32> {
        let stage = try Stage(Strategy.self, pages: pages, medium: medium, seed: context.seed)
        let count = operations(of: 4)
        let histogram = measure(&context, count) { lengths in
            LatencyLoops.rotations(Strategy.self, 0..<count, hand: stage.arena.view.hand, lengths)
        }
        try stage.checkConservation([count])
        try stage.check(as: Strategy.self) { $2.arguments == Arguments($1 | 1 << 63, ~$1, ~$1) }
        // 27 bytes and more an event.
        guard histogram.totalCount >= count * 27 / (16 << 10) else {
            throw stage.failure("only \(histogram.totalCount) rotations", "\(count) events")
        }
        return histogram
    }

    private static func measure(
        _ context: inout SampleContext, _ count: UInt64, _ loop: (Lengths) -> Void
    ) -> Histogram<UInt32> {
        let lengths = Lengths()
        defer { lengths.deallocate() }
        context.counting(operations: Int(count)) { loop(lengths) }
        return lengths.histogram
    }

    private static func parameters(_ percentile: Percentile) -> [String: ParameterValue] {
        ["percentile": .string(percentile.rawValue)]
    }
}

enum LatencyLoops {
    @inline(never)
    static func ring(_ range: Range<UInt64>, _ ring: CRing, _ seed: UInt64, _ lengths: Lengths) {
        for index in range {
            let start = cplatform_cycle_counter()
            cfloor_emit(ring.address, CRing.id, running(index, seed))
            lengths.record(cplatform_cycle_counter() &- start)
        }
    }

    @inline(never)
    static func emits<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ range: Range<UInt64>, _ seed: UInt64, _ lengths: Lengths
    ) {
        for index in range {
            let start = cplatform_cycle_counter()
            Strategy.emit1(running(index, seed))
            lengths.record(cplatform_cycle_counter() &- start)
        }
    }

    /// The lengths of the emits that took a page, told by the arena's hand, which moves with each claim. Records are long,
    /// so that pages are soon full.
    @inline(never)
    static func rotations<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ range: Range<UInt64>, hand: SharedWord, _ lengths: Lengths
    ) {
        var last = NativeMemory.loadRelaxed(hand)
        for index in range {
            let start = cplatform_cycle_counter()
            Strategy.emit3(index | 1 << 63, ~index, ~index)
            let length = cplatform_cycle_counter() &- start
            let now = NativeMemory.loadRelaxed(hand)
            guard now != last else { continue }
            last = now
            // The very first emit takes a lane as well.
            if index > 0 { lengths.record(length) }
        }
    }
}
