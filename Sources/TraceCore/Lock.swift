internal import CPlatform

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A mutex for what happens rarely. The system's own, which tools that watch threads understand. Signal handlers that come
/// while their thread holds it, or waits for it, may emit: they are refused before they come to any lock.
package final class Lock<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var state: State

    package init(_ state: sending State) {
        self.state = state
        mutex.initialize(to: pthread_mutex_t())
        let failure = pthread_mutex_init(mutex, nil)
        precondition(failure == 0, "pthread_mutex_init failed with error \(failure)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// For a fork, which a lock has to be held over.
    package func lock() { pthread_mutex_lock(mutex) }
    package func unlock() { pthread_mutex_unlock(mutex) }

    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let wasOffPath = cplatform_is_off_path()
        cplatform_set_off_path(true)
        pthread_mutex_lock(mutex)
        defer {
            pthread_mutex_unlock(mutex)
            cplatform_set_off_path(wasOffPath)
        }
        return try body(&state)
    }
}
