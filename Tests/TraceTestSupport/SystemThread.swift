#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

public func yieldProcessor() { _ = sched_yield() }

/// A system thread: unlike a task it has an exit of its own, which gives its lane back.
public final class SystemThread: @unchecked Sendable {
    private let thread: pthread_t

    public init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body))
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = pthread_create(&thread, nil, { Body.run($0) }, box.toOpaque())
            self.thread = thread!
        #else
            var thread = pthread_t()
            let code = pthread_create(&thread, nil, { Body.run($0!) }, box.toOpaque())
            self.thread = thread
        #endif
        precondition(code == 0)
    }

    public func join() { pthread_join(thread, nil) }

    public func signal(_ number: Int32) { pthread_kill(thread, number) }

    private final class Body: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }

        static func run(_ box: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
            Unmanaged<Body>.fromOpaque(box).takeRetainedValue().body()
            return nil
        }
    }
}

/// Runs `body` on `count` system threads, to the end.
public func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let threads = (0..<count).map { index in SystemThread { body(index) } }
    for thread in threads { thread.join() }
}
