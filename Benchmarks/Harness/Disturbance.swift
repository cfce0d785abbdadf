import Foundation

/// What else used the processors while a run lasted: figures that were taken beside a compiler are worth less.
public struct Disturbance: Sendable {
    private let start: Usage

    /// Starts watching. Nil where the system does not tell (anything but Linux).
    public init?() {
        guard let usage = Usage.now() else { return nil }
        start = usage
    }

    /// Shares of all processor time since the start, 0 to 1: of other processes, and of the hypervisor's other guests.
    public func shares() -> (others: Double, stolen: Double)? {
        guard let now = Usage.now(), now.total > start.total else { return nil }
        let total = now.total - start.total
        let others = (now.busy - start.busy) - (now.own - start.own)
        return (max(others, 0) / total, max(now.stolen - start.stolen, 0) / total)
    }

    /// Seconds, summed over the processors.
    private struct Usage {
        var total: Double
        var busy: Double
        var stolen: Double
        var own: Double

        static func now() -> Usage? {
            guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
                let line = text.split(separator: "\n").first
            else { return nil }
            // cpu user nice system idle iowait irq softirq steal ...
            let ticks = line.split(separator: " ").dropFirst().compactMap { Double($0) }
            let perSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
            guard ticks.count >= 8, perSecond > 0 else { return nil }
            let busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
            return Usage(
                total: ticks.prefix(8).reduce(0, +) / perSecond, busy: busy / perSecond, stolen: ticks[7] / perSecond,
                own: Double(clock()) / Double(CLOCKS_PER_SEC) + children())
        }

        /// Of the processes that this one started and has waited for: peers are part of the run.
        private static func children() -> Double {
            var usage = rusage()
            // RUSAGE_CHILDREN, which systems import as different types.
            guard getrusage(-1, &usage) == 0 else { return 0 }
            return [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) / 1e6 }.reduce(0, +)
        }
    }
}
