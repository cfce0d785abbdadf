import Foundation
import Synchronization

@testable import Harness

/// Contenders and results that tests need.
enum Fixture {
    /// A contender whose samples return `value` after noting its strategy in `log`.
    static func contender(
        _ strategy: String, case name: String = "case", threads: Int = 1, log: Log? = nil, value: Double = 1,
        body: @escaping (inout SampleContext) throws -> Void = { _ in }
    ) -> Contender {
        Contender(
            suite: "demo", case: name, strategy: strategy, origin: .strategy, unit: .nanosecondsPerOperation,
            threads: threads
        ) { context in
            log?.append(strategy)
            try body(&context)
            return Sample(value: value)
        }
    }

    static func row(
        _ strategy: String = "ring", median: Double, p10: Double, p90: Double, better: Better = .lower,
        regime: Regime? = nil, count: Int = 9, origin: Origin = .strategy
    ) -> Row {
        Row(
            suite: "demo", case: "case", strategy: strategy, origin: origin, parameters: ["capacity": 1024],
            unit: better == .lower ? .nanosecondsPerOperation : .itemsPerSecond, better: better,
            spread: Spread(median: median, p10: p10, p90: p90, count: count), regime: regime,
            canaryNs: regime == nil ? nil : 100)
    }

    static func report(_ rows: [Row], cpu: String = "cpu") -> Report {
        Report(
            startedAt: "2026-01-02T03:04:05Z", command: "bench demo", commit: nil, configuration: "release",
            swift: "6.3.1",
            machine: Machine(
                cpu: cpu, cores: 2, kernel: "Linux", memoryBytes: 1 << 30, clock: "tsc", ticksPerSecond: 1_000_000_000,
                allocator: "glibc 2.36"),
            floor: Floor(clockReadNs: 10), rows: rows)
    }

    static func run(_ contenders: [Contender], rounds: Int = 3, seed: UInt64 = 7) -> Session.Outcome {
        session(rounds: rounds, seed: seed).run(contenders)
    }

    static func session(rounds: Int, seed: UInt64 = 7) -> Session {
        let budget = Budget(seconds: 1e9, minimumRounds: rounds, maximumRounds: rounds)
        return Session(seed: seed, budget: budget, countAllocations: false)
    }
}

/// The order in which samples ran.
final class Log {
    private(set) var entries: [String] = []
    func append(_ entry: String) { entries.append(entry) }
}
