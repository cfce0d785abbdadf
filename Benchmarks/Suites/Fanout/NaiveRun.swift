import BenchLoad
import CPlatform
import Foundation
import Harness
import Histogram
import Synchronization

/// One run of one writer and so many subscribers, each on a thread of its own.
struct NaiveRun<Fanout: NaiveFanout> {
    let subscribers: Int
    let milliseconds: Int

    /// Nanoseconds of an event: the median of runs of 256.
    func run(seed: UInt64) throws -> Double {
        let fanout = Fanout(subscribers: subscribers)
        let isStopping = Stop()
        if Processors.allowed.count > 1 { Processors.pin(to: 1) }
        defer { Processors.unpin() }
        let results = (0..<subscribers).map { _ in Result() }
        let readers = results.enumerated().map { number, result in
            Worker { result.run(fanout, number, isStopping) }
        }
        let lengths = Lengths()
        defer { lengths.deallocate() }
        nonisolated(unsafe) var emitted: UInt64 = 0
        let writer = Worker {
            Processors.pin(to: 0)
            while !isStopping.writer.load(ordering: .relaxed) { emitted = Self.emit(emitted, fanout, lengths) }
        }
        usleep(UInt32(milliseconds * 1000))
        isStopping.writer.store(true, ordering: .relaxed)
        writer.join()
        isStopping.readers.store(true, ordering: .releasing)
        for reader in readers { reader.join() }
        for (number, result) in results.enumerated() {
            // What was not received was lost: gaps in the index, and what comes behind the last event.
            let lost = result.gaps + (emitted - result.next)
            guard !result.isWrong, result.received + lost == emitted else {
                throw VerificationFailure(
                    "\(result.received) received, \(lost) lost of \(emitted)", at: "subscriber \(number)", seed: seed)
            }
        }
        return Ticks.nanoseconds(from: 0, to: lengths.histogram.valueAtPercentile(50)) / 256
    }

    @inline(never)
    private static func emit(_ first: UInt64, _ fanout: Fanout, _ lengths: Lengths) -> UInt64 {
        let start = cplatform_cycle_counter()
        for index in first..<first + 256 { fanout.write(index) }
        lengths.record(cplatform_cycle_counter() &- start)
        return first + 256
    }

    private final class Stop: Sendable {
        let writer = Atomic<Bool>(false)
        let readers = Atomic<Bool>(false)
    }

    /// Written by one reader, read once it was joined.
    private final class Result: @unchecked Sendable {
        var received: UInt64 = 0
        var gaps: UInt64 = 0
        var next: UInt64 = 0
        var isWrong = false

        func run(_ fanout: Fanout, _ number: Int, _ stop: Stop) {
            var (received, gaps, next, isWrong) = (UInt64(0), UInt64(0), UInt64(0), false)
            while true {
                let isLast = stop.readers.load(ordering: .acquiring)
                let taken = fanout.read(number) { event in
                    if event.index < next { isWrong = true }
                    gaps &+= event.index &- next
                    next = event.index &+ 1
                    received &+= 1
                }
                guard taken == 0 else { continue }
                if isLast { break }
                sched_yield()
            }
            (self.received, self.gaps, self.next, self.isWrong) = (received, gaps, next, isWrong)
        }
    }
}
