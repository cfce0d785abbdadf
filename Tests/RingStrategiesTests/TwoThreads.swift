import Foundation

/// Carries a noncopyable end into the closure of its thread.
final class Courier<End: ~Copyable>: @unchecked Sendable {
    private var end: End?

    init(_ end: consuming End) { self.end = consume end }

    /// Once, on the receiving thread.
    func take() -> End {
        guard let taken = end.take() else { fatalError("taken twice") }
        return taken
    }
}

/// Runs `other` on a thread of its own while `body` runs here; returns when both have.
func beside(_ other: @escaping @Sendable () -> Void, _ body: () -> Void) {
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
        other()
        done.signal()
    }
    thread.start()
    body()
    done.wait()
}

/// Waits for the other side without sleeping, and not for ever: a deadlock ends the run with its strategy's name.
struct Patience {
    let name: String
    private var spins = 0
    private var deadline = ContinuousClock.now + .seconds(60)

    init(_ name: String) { self.name = name }

    /// Lets the other side run: a debug build spins for long, and there may be one processor for both.
    mutating func giveWay() {
        sched_yield()
        spins += 1
        if spins % 4096 == 0, ContinuousClock.now > deadline { fatalError("\(name): stuck") }
    }
}

/// The sanitizer reports every contended `Synchronization.Mutex` on Linux: the futex path that hands the lock over lies in
/// the uninstrumented standard library. A counter that two threads raise under one is reported, and ends up exact.
let isThreadSanitizer = dlsym(nil, "__tsan_init") != nil

/// SplitMix64 (G. Steele et al., 2014): a failure is replayed by its seed.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
