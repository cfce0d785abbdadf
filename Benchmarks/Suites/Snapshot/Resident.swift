import BenchLoad
import Harness

/// How much memory a process holds beyond what was promised: measured in a process of its own, since this one holds the
/// data of all suites.
final class Resident {
    private let first: Double
    private let later: Double
    private var most: Double?

    /// The first sample, which is not counted, is the long one. Short of the minute after which a sample is taken to hang.
    init(_ effort: Effort) {
        let isDebug = Build.configuration == "debug"
        first = isDebug ? 0.2 : effort == .quick ? 0.5 : effort == .standard ? 2 : 55
        later = isDebug ? 0.2 : 0.3
    }

    /// The most that any process of this run has held so far: so the long one counts in each sample.
    func sample(_ context: inout SampleContext) throws -> Sample {
        if context.isCountingAllocations { return Sample(value: 0) }
        let seconds = most == nil ? first : later
        let found = max(try ChildProcess.number(["resident", "\(seconds)"], seed: context.seed), 0)
        most = max(most ?? 0, found)
        return Sample(value: most ?? found)
    }
}
