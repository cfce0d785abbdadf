import Foundation
import Synchronization

/// Ends a run in which a sample hangs, and names it.
///
/// A ring that loses an item makes its consumer wait for ever, and a spinning thread cannot be interrupted. So a hung
/// sample first gets its abandon flag raised, which loops that look at it obey; if that does not help, the process ends
/// with status 1.
final class Watchdog: Sendable {
    /// Far beyond any honest sample, samples of other processes included.
    private let patienceSeconds: Double
    private let graceSeconds = 10.0

    private struct Watched {
        var contender: String
        var seed: UInt64
        var abandon: AbandonFlag
        var since: UInt64
    }

    private let watched = Mutex<Watched?>(nil)

    init(patienceSeconds: Double = 60) {
        self.patienceSeconds = patienceSeconds
        let interval = min(1, patienceSeconds / 2)
        let thread = Thread { [weak self] in
            while true {
                Thread.sleep(forTimeInterval: interval)
                guard let self else { return }
                self.look()
            }
        }
        thread.name = "bench watchdog"
        thread.start()
    }

    func begin(_ contender: String, seed: UInt64, abandon: AbandonFlag) {
        let since = Ticks.systemNanoseconds()
        watched.withLock { $0 = Watched(contender: contender, seed: seed, abandon: abandon, since: since) }
    }

    func end() { watched.withLock { $0 = nil } }

    private func look() {
        guard let sample = watched.withLock({ $0 }) else { return }
        let seconds = Double(Ticks.systemNanoseconds() - sample.since) / 1e9
        if seconds > patienceSeconds { sample.abandon.raise() }
        guard seconds > patienceSeconds + graceSeconds else { return }
        let text = """
            \nerror: \(sample.contender) hangs (seed \(sample.seed)): no item for \(Int(seconds)) s. \
            An item was lost, or a wake-up. No result is written.\n
            """
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
        _exit(1)
    }
}
