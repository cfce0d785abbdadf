import CPlatform
import Foundation
import Harness

/// How a side of a race waits for the other: it pauses, gives its processor away where both share one, and from time to
/// time looks whether the other side is gone.
struct Wait {
    let abandoned: AbandonFlag
    let yields: Bool
    private var rounds: UInt32 = 0

    init(_ abandoned: AbandonFlag, yields: Bool) {
        self.abandoned = abandoned
        self.yields = yields
    }

    /// False when the other side is gone.
    @inline(__always)
    mutating func once() -> Bool {
        cplatform_pause()
        rounds &+= 1
        return rounds & 0x3FF != 0 || slow()
    }

    @inline(never)
    private func slow() -> Bool {
        if yields { sched_yield() }
        return !abandoned.isRaised
    }
}

/// Work of some 30 ns an item that nothing can shorten: each step waits for the one before, also across items, and mixes
/// in a way that a compiler cannot fold (a chain of multiplications and additions it folds into one).
struct DependentWork {
    private var state: UInt64 = 1

    @inline(__always)
    mutating func work(on value: UInt64) {
        var x = state ^ value
        for _ in 0..<20 { x = (x ^ (x >> 29)) &* 0x9E37_79B9_7F4A_7C15 }
        state = x
    }

    /// The work's result: hand it to `consume`, or the work is for nothing and goes.
    var result: UInt64 { state }
}
