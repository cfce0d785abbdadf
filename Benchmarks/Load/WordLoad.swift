import CPlatform
import Harness
package import Histogram
import Synchronization
import TraceCore

/// Threads that emit flat out until they are stopped: one event with one number, which tells the writer and how many it has
/// emitted before. A new lane counts the same, so that each event that is found can be checked against its place.
package final class WordLoad {
    /// Emits that are timed as one.
    package static let runLength: UInt64 = 256

    private let shared: Shared
    private var workers: [Worker] = []

    /// Starts the writers, each pinned to a processor of its own while there are enough.
    ///
    /// - Parameter phases: 0: they emit and do nothing else. More: they also take the times of single emits and of runs of
    ///   ``runLength``, in turns, into the histograms of the current phase.
    package init(writers: Int, timedPhases phases: Int = 0) {
        precondition(writers <= 4, "two bits tell the writer")
        LoadEvents.word.register()
        shared = Shared(writers: writers, phases: phases)
        let processors = max(Processors.allowed.count, 1)
        let shared = shared
        workers = (0..<writers).map { writer in
            Worker {
                Processors.pin(to: writer % processors)
                shared.counts[writer] =
                    phases == 0 ? shared.emit(UInt64(writer)) : shared.emitTimed(UInt64(writer))
            }
        }
    }

    deinit { stop() }

    /// Which histograms the writers use, from some hundred emits on. 0 at first.
    package func enter(phase: Int) { shared.phase.store(phase, ordering: .relaxed) }

    /// Ends the writers and waits for them. Returns how many events each has emitted.
    @discardableResult
    package func stop() -> [UInt64] {
        shared.isStopping.store(true, ordering: .relaxed)
        workers.forEach { $0.join() }
        workers = []
        return Array(shared.counts)
    }

    /// Of single emits, in ticks, all writers together. After ``stop()``.
    package func singles(phase: Int) -> Histogram<UInt32> { shared.times.map(\.singles[phase]).histogram }

    /// Of runs of ``runLength`` emits, in ticks, all writers together. After ``stop()``.
    package func runs(phase: Int) -> Histogram<UInt32> { shared.times.map(\.runs[phase]).histogram }

    /// Emits these events of writer 0 on the calling thread.
    @inline(never)
    package static func emit(_ range: Range<UInt64>) {
        for index in range { LoadEvents.word.emit(value(index, writer: 0)) }
    }

    /// The number that an event carries.
    @inlinable
    package static func value(_ index: UInt64, writer: UInt64) -> UInt64 { index &<< 2 | writer }

    /// The id of the event.
    package static var schema: UInt16 { LoadEvents.word.state.id }
}

enum LoadEvents {
    static let word = Event1<UInt64>("word", category: "bench.load", "value")
}

/// What the threads of a load share. Counts and times are each written by one thread, and read once it was joined.
private final class Shared: @unchecked Sendable {
    let isStopping = Atomic<Bool>(false)
    let phase = Atomic<Int>(0)
    let counts: UnsafeMutableBufferPointer<UInt64>
    let times: [(singles: [Lengths], runs: [Lengths])]

    init(writers: Int, phases: Int) {
        counts = .allocate(capacity: writers)
        counts.initialize(repeating: 0)
        times = (0..<writers).map { _ in
            ((0..<phases).map { _ in Lengths() }, (0..<phases).map { _ in Lengths() })
        }
    }

    deinit {
        counts.deallocate()
        for (singles, runs) in times { (singles + runs).forEach { $0.deallocate() } }
    }

    @inline(never)
    func emit(_ writer: UInt64) -> UInt64 {
        var index: UInt64 = 0
        while !isStopping.load(ordering: .relaxed) { index = Self.run(from: index, writer) }
        return index
    }

    @inline(never)
    func emitTimed(_ writer: UInt64) -> UInt64 {
        let (singles, runs) = times[Int(writer)]
        var index: UInt64 = 0
        while !isStopping.load(ordering: .relaxed) {
            let phase = phase.load(ordering: .relaxed)
            let start = cplatform_cycle_counter()
            index = Self.run(from: index, writer)
            runs[phase].record(cplatform_cycle_counter() &- start)
            index = Self.timedRun(from: index, writer, singles[phase])
        }
        return index
    }

    @inline(__always)
    private static func run(from first: UInt64, _ writer: UInt64) -> UInt64 {
        let end = first &+ WordLoad.runLength
        for index in first..<end { LoadEvents.word.emit(WordLoad.value(index, writer: writer)) }
        return end
    }

    @inline(__always)
    private static func timedRun(from first: UInt64, _ writer: UInt64, _ lengths: Lengths) -> UInt64 {
        let end = first &+ WordLoad.runLength
        for index in first..<end {
            let start = cplatform_cycle_counter()
            LoadEvents.word.emit(WordLoad.value(index, writer: writer))
            lengths.record(cplatform_cycle_counter() &- start)
        }
        return end
    }
}
