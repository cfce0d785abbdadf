public import Harness

/// What an event costs: time, bytes, and the moments that are not the usual ones.
public enum EmitSuite: Suite {
    public static let name = "emit"
    public static let summary = "events: time and bytes of an emit, against the clock and a ring in C (--input FILE)"

    public static func contenders(_ options: SuiteOptions) throws -> [Contender] {
        try EmitPlan(options).contenders
    }

    public static func floors(of case: String) -> [FloorCase] {
        switch `case` {
        case "loop.disabled": [.emptyLoop]
        case "loop.0args", "loop.u64", "loop.3args", "loop.pair", "two-threads.u64": [.clockRead]
        default: []
        }
    }

    public static func lacks(_ options: SuiteOptions) -> [String] {
        ReplayInput.path(options) == nil ? ["no Go trace to replay: --input FILE"] : []
    }
}
