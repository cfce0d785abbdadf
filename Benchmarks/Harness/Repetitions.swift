/// How often a pass is repeated for a sample to last about 5 ms, however short the pass is: a single one of a microsecond
/// would measure the clock. Found out at the first use and kept, so that all samples of a contender do the same work.
public final class Repetitions {
    private var known: Int?

    public init() {}

    fileprivate func count(_ pass: () throws -> Void) rethrows -> Int {
        if let known { return known }
        // A probe of 1 ms tells well enough, and the first pass, which meets cold caches, weighs little in it.
        var passes = 1
        while true {
            let start = Ticks.now()
            for _ in 0..<passes { try pass() }
            let nanoseconds = Ticks.nanoseconds(from: start, to: Ticks.now())
            if nanoseconds >= 1e6 || passes >= 1 << 24 {
                let count = max(1, Int((5e6 * Double(passes) / max(nanoseconds, 1)).rounded()))
                known = count
                return count
            }
            passes *= 2
        }
    }
}

extension SampleContext {
    /// Times `pass` on this thread, repeated for about 5 ms.
    ///
    /// - Parameter operations: how many one pass does, at least 1; bytes, for a unit of GB/s.
    public mutating func time(
        operations: Int, repeating repetitions: Repetitions, _ pass: () throws -> Void
    ) rethrows -> Sample {
        precondition(operations > 0, "a pass that does nothing has no rate")
        let count = try repetitions.count(pass)
        return try time(operations: operations * count) {
            for _ in 0..<count { try pass() }
        }
    }
}
