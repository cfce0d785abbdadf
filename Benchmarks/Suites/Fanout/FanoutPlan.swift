import BenchLoad
import Harness

/// Which cases run.
struct FanoutPlan {
    let options: SuiteOptions
    private(set) var contenders: [Contender] = []

    static let strategy = "trace-stream"
    static let counts = [0, 1, 2, 4, 16, 64]

    private var isQuick: Bool { options.effort == .quick || Self.isDebug }
    private static var isDebug: Bool { Build.configuration == "debug" }
    private static var byteCount: Int { isDebug ? 4 << 20 : 64 << 20 }

    init(_ options: SuiteOptions) {
        self.options = options
        let counts = Self.isDebug ? [0, 1, 4] : Self.counts
        addLive(writers: 1, counts, others: true)
        if !isQuick {
            addLive(writers: 2, [0, 1, 4, 64], others: false)
            addLive(writers: 4, [0, 1, 64], others: false)
        }
        addDeliveries(counts)
        let naive = isQuick ? [0, 1, 4] : counts
        addNaive(LockedBuffer.self, naive)
        addNaive(RingEach.self, naive)
    }

    private mutating func add(
        _ name: String, _ unit: ResultUnit, _ parameters: [String: ParameterValue] = [:],
        strategy: String = Self.strategy, better: Better? = nil,
        sample: @escaping (inout SampleContext) throws -> Sample
    ) {
        contenders.append(
            Contender(
                suite: FanoutSuite.name, case: name, strategy: strategy,
                origin: strategy == Self.strategy ? .library : .strategy, parameters: parameters, unit: unit,
                better: better, placement: .free, sample: sample))
    }

    private mutating func addLive(writers: Int, _ counts: [Int], others: Bool) {
        typealias Figure = FanoutRun.Figure
        var phases = counts.map { FanoutRun.Phase(subscribers: $0) }
        if others { phases += [.slow, .stuck].map { FanoutRun.Phase(subscribers: 1, other: $0) } }
        let plan = FanoutRun(
            byteCount: Self.byteCount, writers: writers, phases: phases, milliseconds: isQuick ? 40 : 50)
        let shared = SharedRun<Figure> { try plan.run(seed: $0.seed) }
        for phase in phases {
            var parameters: [String: ParameterValue] = ["writers": .int(writers)]
            // Writers and subscribers share processors.
            if writers >= Processors.allowed.count { parameters["oversubscribed"] = "yes" }
            let suffix =
                phase.other.map { "beside-\($0.rawValue)" } ?? "subscribers.\(phase.subscribers)"
            func add(_ name: String, _ kind: Figure.Kind, _ unit: ResultUnit, better: Better? = nil) {
                self.add("\(name).\(suffix)", unit, parameters, better: better) {
                    try shared.sample(Figure(kind: kind, phase: phase), &$0)
                }
            }
            add("emit", .emit, .nanosecondsPerOperation)
            add("emit.p99", .p99, .nanoseconds)
            add("emit.p9999", .p9999, .nanoseconds)
            add("emit.rate", .rate, .itemsPerSecond)
            guard phase.subscribers > 0 else { continue }
            add("generations", .generations, .itemsPerSecond)
            add("throughput", .gigabytes, .gigabytesPerSecond)
            add("delivered", .delivered, .ratio, better: .higher)
            if phase.other == nil { add("deliver.live", .ending, .nanoseconds) }
        }
    }

    private mutating func addDeliveries(_ counts: [Int]) {
        let plan = DeliverRun(byteCount: Self.byteCount, counts: counts, generations: isQuick ? 3 : 6)
        let shared = SharedRun<DeliverRun.Figure> { try plan.run(seed: $0.seed) }
        let parameters: [String: ParameterValue] = ["events": .int(Int(DeliverRun.eventCount))]
        for count in counts where count > 0 {
            add("deliver.subscribers.\(count)", .nanoseconds, parameters) { try shared.sample(.shared(count), &$0) }
            add("deliver.subscribers.\(count)", .nanoseconds, parameters, strategy: "copy-each") {
                try shared.sample(.copied(count), &$0)
            }
        }
        add("deliver.one-more", .nanoseconds, parameters) { try shared.sample(.oneMore, &$0) }
        add("deliver.one-more", .nanoseconds, parameters, strategy: "copy-each") {
            try shared.sample(.oneMoreCopied, &$0)
        }
        add("memory.subscriber", .bytes) { context in
            if context.isCountingAllocations { return Sample(value: 0) }
            return Sample(
                value: try ChildProcess.number(["resident", "0", "--subscribers", "500"], seed: context.seed))
        }
    }

    private mutating func addNaive<Fanout: NaiveFanout>(_ type: Fanout.Type, _ counts: [Int]) {
        for count in counts {
            let plan = NaiveRun<Fanout>(subscribers: count, milliseconds: 15)
            add("emit.subscribers.\(count)", .nanosecondsPerOperation, ["writers": 1], strategy: Fanout.name) {
                context in
                if context.isCountingAllocations { return Sample(value: 0) }
                return Sample(value: try plan.run(seed: context.seed))
            }
        }
    }
}
