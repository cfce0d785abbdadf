import BenchLoad
import CPlatform
import Foundation
import Synchronization

/// Threads that have each emitted once, and sleep: each holds a lane and a page.
final class IdleThreads {
    private var workers: [Worker] = []
    private let words: UnsafeMutablePointer<Atomic<UInt32>>

    /// - Parameter emit: what each does before it sleeps.
    init(count: Int, emit: @escaping () -> Void) {
        words = .allocate(capacity: 2)
        (words + 0).initialize(to: Atomic(0))
        (words + 1).initialize(to: Atomic(0))
        let words = words
        workers = (0..<count).map { _ in
            Worker {
                emit()
                words[0].wrappingAdd(1, ordering: .releasing)
                while words[1].load(ordering: .acquiring) == 0 {
                    cplatform_wait(UnsafeRawPointer(words + 1).assumingMemoryBound(to: UInt32.self), 0, 0)
                }
            }
        }
        // They run on this processor, too.
        while words[0].load(ordering: .acquiring) != UInt32(count) { sched_yield() }
    }

    /// Ends them all. Once.
    func end() {
        words[1].store(1, ordering: .releasing)
        cplatform_wake(UnsafeRawPointer(words + 1).assumingMemoryBound(to: UInt32.self), .max)
        workers.forEach { $0.join() }
        workers = []
    }

    deinit {
        if !workers.isEmpty { end() }
        words.deallocate()
    }
}
