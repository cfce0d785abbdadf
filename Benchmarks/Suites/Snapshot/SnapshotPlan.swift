import BenchLoad
import Harness

/// Which cases run.
struct SnapshotPlan {
    let options: SuiteOptions
    private(set) var contenders: [Contender] = []

    static let strategy = "flight-recorder"

    private var isQuick: Bool { options.effort == .quick || Self.isDebug }
    private static var isDebug: Bool { Build.configuration == "debug" }

    init(_ options: SuiteOptions) {
        self.options = options
        addSnapshots(mebibytes: 64, writers: 2, turns: 2, withDisk: !isQuick)
        if !isQuick {
            addSnapshots(mebibytes: 64, writers: 0, turns: 1, withDisk: false)
            addSnapshots(mebibytes: 16, writers: 2, turns: 3, withDisk: false)
            addSnapshots(mebibytes: 1, writers: 2, turns: 4, withDisk: false)
        }
        addEmits(writers: 1, turns: isQuick ? 1 : 2)
        if !isQuick { addEmits(writers: 2, turns: 1) }
        addResident()
    }

    /// A debug build emits fifty times slower.
    private static func byteCount(mebibytes: Int) -> Int { max((mebibytes << 20) / (isDebug ? 32 : 1), 256 << 10) }

    private mutating func addSnapshots(mebibytes: Int, writers: Int, turns: Int, withDisk: Bool) {
        let byteCount = Self.byteCount(mebibytes: mebibytes)
        let plan = SnapshotRun(byteCount: byteCount, writers: writers, turns: turns, withDisk: withDisk)
        let source = LazyBareWrite(byteCount)
        let shared = SharedRun<SnapshotRun.Figure> { try plan.run(seed: $0.seed, source.value) }
        let load: [String: ParameterValue] = ["writers": .int(writers)]
        func add(
            _ name: String, _ figure: SnapshotRun.Figure, _ parameters: [String: ParameterValue],
            _ unit: ResultUnit = .nanoseconds, strategy: String = Self.strategy, better: Better? = nil
        ) {
            contenders.append(
                Contender(
                    suite: SnapshotSuite.name, case: "\(name).\(mebibytes)MiB", strategy: strategy,
                    origin: strategy == Self.strategy ? .library : .floor, parameters: parameters, unit: unit,
                    better: better, placement: .free
                ) { try shared.sample(figure, &$0) })
        }
        add("discard", .discard, load)
        add("bytes", .byteCount, load, .bytes, better: .higher)
        add("share", .share, load, .ratio, better: .higher)
        add("tmpfs", .tmpfs, load)
        add("writev.tmpfs", .barePages, load, strategy: "writev-1-piece")
        add("writev.tmpfs", .bareGathered, load, strategy: "writev-64-pieces")
        add("tmpfs.over-writev", .tmpfsOverWrite, load, .ratio)
        if withDisk { add("disk", .disk, load.merging(["synchronized": "yes"]) { $1 }) }
    }

    private mutating func addEmits(writers: Int, turns: Int) {
        let plan = EmitRun(byteCount: Self.byteCount(mebibytes: 64), writers: writers, turns: turns)
        let shared = SharedRun<EmitRun.Figure> { try plan.run(seed: $0.seed) }
        // One processor is the snapshots'.
        let isOversubscribed = writers + 1 > Processors.allowed.count
        for phase in EmitRun.Phase.allCases {
            var parameters: [String: ParameterValue] = ["writers": .int(writers)]
            if phase != .quiet { parameters["sink"] = phase == .discard ? "discard" : "tmpfs" }
            if isOversubscribed { parameters["oversubscribed"] = "yes" }
            let during = phase == .quiet ? "quiet" : "snapshots"
            func add(_ name: String, _ percentile: Double?, _ unit: ResultUnit) {
                contenders.append(
                    Contender(
                        suite: SnapshotSuite.name, case: name, strategy: Self.strategy, origin: .library,
                        parameters: parameters, unit: unit, placement: .free
                    ) { try shared.sample(EmitRun.Figure(phase: phase, percentile: percentile), &$0) })
            }
            for percentile in EmitRun.percentiles {
                let label = "\(percentile)".filter { $0 != "." }.replacing(#/0$/#, with: "")
                add("emit.p\(label).\(during)", percentile, .nanoseconds)
            }
            if phase != .quiet { add("emit.p9999.over-quiet", nil, .ratio) }
        }
    }

    private mutating func addResident() {
        let resident = Resident(options.effort)
        contenders.append(
            Contender(
                suite: SnapshotSuite.name, case: "rss.over-bound", strategy: Self.strategy, origin: .library,
                parameters: ["writers": 2], unit: .bytes, placement: .free
            ) { try resident.sample(&$0) })
    }
}

/// Made by the first sample that needs it.
private final class LazyBareWrite {
    private let byteCount: Int
    lazy var value = BareWrite(byteCount: byteCount)

    init(_ byteCount: Int) { self.byteCount = byteCount }
}
