public import Harness

/// What subscribers cost those who emit, and what each of them costs.
public enum FanoutSuite: Suite {
    public static let name = "fanout"
    public static let summary = "subscribers to the one trace: cost of an emit, cost of a generation, who loses what"

    public static func contenders(_ options: SuiteOptions) throws -> [Contender] {
        FanoutPlan(options).contenders
    }
}
