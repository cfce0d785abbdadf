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

/// Work of about 50 ns that nothing can shorten: each step waits for the one before.
@inline(__always)
func dependentWork(_ value: UInt64) -> UInt64 {
    var x = value
    for _ in 0..<32 { x = x &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
    return x
}
