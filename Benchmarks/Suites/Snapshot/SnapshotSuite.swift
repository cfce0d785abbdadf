public import Harness

/// What a snapshot costs, what it brings back, and what it costs those who emit meanwhile.
public enum SnapshotSuite: Suite {
    public static let name = "snapshot"
    public static let summary = "snapshots of a full window under load: latency, share, disturbance, memory"

    public static func contenders(_ options: SuiteOptions) throws -> [Contender] {
        SnapshotPlan(options).contenders
    }
}
