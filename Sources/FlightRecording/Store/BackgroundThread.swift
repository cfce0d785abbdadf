internal import CPlatform

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A thread of this library's own. It takes no signals: handlers run on the program's threads.
final class BackgroundThread: Sendable {
    private let thread: pthread_t
    private let forks = cplatform_fork_count()

    /// Runs `body` on a new thread. Throws ``FlightRecorderError/system(call:code:)``.
    init(name: String, _ body: @escaping @Sendable () -> Void) throws(FlightRecorderError) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = pthread_create(&thread, nil, { Start.run($0) }, start.toOpaque())
        #else
            var thread = pthread_t()
            let code = pthread_create(&thread, nil, { Start.run($0!) }, start.toOpaque())
        #endif
        guard code == 0 else {
            start.release()
            throw .system(call: "pthread_create", code: code)
        }
        #if canImport(Darwin)
            self.thread = thread!
        #else
            self.thread = thread
        #endif
    }

    /// Waits for its end. Once, and not on the thread itself. In a forked child there is no thread to wait for.
    func join() { if forks == cplatform_fork_count() { pthread_join(thread, nil) } }

    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        static func run(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
            // SAFETY: `init` passed it retained, once.
            let start = Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue()
            cplatform_set_thread_name(start.name)
            start.body()
            return nil
        }
    }
}
