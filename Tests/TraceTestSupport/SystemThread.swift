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

    /// The system has no thread to give.
    public struct Refused: Error { public let code: Int32 }

    /// Traps where the system has none.
    public convenience init(_ body: @escaping @Sendable () -> Void) { try! self.init(stackByteCount: nil, body) }

    /// - Parameter stackByteCount: nil: what the system gives.
    /// - Throws: ``Refused``.
    public init(stackByteCount: Int?, _ body: @escaping @Sendable () -> Void) throws {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        if let stackByteCount { pthread_attr_setstacksize(attributes, stackByteCount) }
        let box = Unmanaged.passRetained(Body(body))
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = pthread_create(&thread, attributes, { Body.run($0) }, box.toOpaque())
        #else
            var thread: pthread_t? = pthread_t()
            let code = pthread_create(&thread!, attributes, { Body.run($0!) }, box.toOpaque())
        #endif
        guard code == 0, let thread else {
            box.release()
            throw Refused(code: code)
        }
        self.thread = thread
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
