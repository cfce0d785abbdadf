import Foundation
import Synchronization

/// The session's thread and one helper that lives as long as the pair does: a race costs no thread creation.
///
/// All methods are called by one thread, the caller. The helper is pinned to the second allowed processor, or to the
/// first one for an oversubscribed race.
final class ThreadPair {
    private let helper = Helper()
    private var jobs: UInt32 = 0

    init() {
        let helper = helper
        let thread = Thread { helper.serve() }
        thread.name = "bench helper"
        thread.start()
    }

    deinit {
        helper.job = Job(body: nil)
        helper.meeting.issue(jobs &+ 1)
    }

    /// What the helper is to do next. Nil for a body: end.
    struct Job {
        var body: (@Sendable () throws -> Void)?
        var processor = 1
        var yielding = false
        /// Set for a run that counts allocations: the helper hands in what its thread-local cache has counted.
        var counter: AllocationCounter?
    }

    /// One race: from the release to the later end, in ticks.
    struct Interval {
        var start: UInt64
        var end: UInt64
        var nanoseconds: Double { Ticks.nanoseconds(from: start, to: end) }
    }

    /// Runs `body` on the helper and `caller` on this thread at once, both released by one store.
    ///
    /// - Parameters:
    ///   - atStart, atEnd: run on this thread while the helper stands still: before the release and after both ends.
    ///   - failed: called on the thread whose part threw, at once, while the other part still runs.
    /// - Throws: what the caller's part threw, else what the helper's part threw.
    func race(
        _ job: Job, atStart: () -> Void, atEnd: () -> Void, failed: @escaping @Sendable () -> Void,
        caller: () throws -> Void
    ) throws -> Interval {
        jobs &+= 1
        let meeting = helper.meeting
        helper.job = job
        helper.failed = failed
        helper.failure = nil
        meeting.issue(jobs)
        Rendezvous.spin(meeting.ready, until: jobs, yielding: job.yielding)
        atStart()
        meeting.go.pointee.store(jobs, ordering: .releasing)
        let start = Ticks.now()
        var failure: (any Error)?
        do { try caller() } catch {
            failure = error
            failed()
        }
        let end = Ticks.now()
        Rendezvous.spin(meeting.done, until: jobs, yielding: job.yielding)
        atEnd()
        if let error = failure ?? helper.failure { throw error }
        return Interval(start: min(start, helper.interval.start), end: max(end, helper.interval.end))
    }
}

/// What both threads see. The plain fields are handed over by the words of `meeting`.
private final class Helper: @unchecked Sendable {
    let meeting = Rendezvous()
    var job = ThreadPair.Job(body: nil)
    var failed: @Sendable () -> Void = {}
    var interval = ThreadPair.Interval(start: 0, end: 0)
    var failure: (any Error)?

    deinit { meeting.deallocate() }

    /// The helper's life.
    func serve() {
        var last: UInt32 = 0
        var pinned = -1
        while true {
            last = meeting.nextCommand(after: last)
            if job.body == nil { return }
            if job.processor != pinned {
                pinned = job.processor
                Processors.pin(to: pinned)
            }
            job.counter?.flushThread()
            meeting.ready.pointee.store(last, ordering: .releasing)
            Rendezvous.spin(meeting.go, until: last, yielding: job.yielding)
            work()
            job.counter?.flushThread()
            meeting.done.pointee.store(last, ordering: .releasing)
        }
    }

    /// Runs and drops the job's closure.
    ///
    /// Invariant: no reference to the closure is left when this returns; so it is neither inlined nor is the closure
    /// held by the caller. Otherwise the reference could be released after `done`, and the closure, which borrows the
    /// race's locals, would be seen to escape.
    @inline(never)
    private func work() {
        interval.start = Ticks.now()
        do { try job.body?() } catch {
            failure = error
            failed()
        }
        interval.end = Ticks.now()
        job.body = nil
    }
}
