import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A system thread: unlike a task it has an exit of its own, which takes its lane back.
final class SystemThread: @unchecked Sendable {
    private let thread: pthread_t

    init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body))
        #if canImport(Darwin)
            var thread: pthread_t?
            let code = pthread_create(&thread, nil, runBody, box.toOpaque())
            self.thread = thread!
        #else
            var thread = pthread_t()
            let code = pthread_create(&thread, nil, { runBody($0!) }, box.toOpaque())
            self.thread = thread
        #endif
        precondition(code == 0, "pthread_create failed with error \(code)")
    }

    func join() { pthread_join(thread, nil) }
}

private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runBody(_ box: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<Body>.fromOpaque(box).takeRetainedValue().run()
    return nil
}

func yieldProcessor() { _ = sched_yield() }

/// What several threads set and read.
final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
