import Harness

/// Which cases run, and by whom.
struct EmitPlan {
    let options: SuiteOptions
    private(set) var contenders: [Contender] = []

    init(_ options: SuiteOptions) throws {
        self.options = options
        addLoopFloors()
        addLoops(DenseStrategy.self, .library)
        addLoops(WordStrategy.self, .strategy)
        addThreadFloors()
        addThreads(DenseStrategy.self, .library)
        addThreads(WordStrategy.self, .strategy)
        let mix = LazyMix(seed: options.seed)
        addBytes(DenseStrategy.self, .library, mix)
        addBytes(WordStrategy.self, .strategy, mix)
        try addReplay()
        addLatencyFloors()
        addLatencies(DenseStrategy.self, .library)
        addLatencies(WordStrategy.self, .strategy)
    }

    /// How many operations take about 5 ms, if one takes so many nanoseconds. A debug build does less.
    static func operations(of nanoseconds: Double) -> UInt64 {
        UInt64(5e6 / nanoseconds) / (Build.configuration == "debug" ? 50 : 1)
    }

    mutating func add(
        _ name: String, _ strategy: String, _ origin: Origin, _ parameters: [String: ParameterValue] = [:],
        unit: ResultUnit = .nanosecondsPerOperation, better: Better? = nil, threads: Int = 1,
        sample: @escaping (inout SampleContext) throws -> Sample
    ) {
        contenders.append(
            Contender(
                suite: EmitSuite.name, case: name, strategy: strategy, origin: origin, parameters: parameters,
                unit: unit,
                better: better, threads: threads, sample: sample))
    }
}
