#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs `first` on a new thread and `second` on the calling one, and returns when both ended.
@usableFromInline
func onTwoThreads(_ first: @Sendable () -> Void, _ second: () -> Void) {
    withoutActuallyEscaping(first) { first in
        let start = Unmanaged.passRetained(ThreadStart(first))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let failure = pthread_create(&thread, nil, runThread, start.toOpaque())
        guard failure == 0 else { fatalError("pthread_create failed with error \(failure)") }
        second()
        #if canImport(Darwin)
            pthread_join(thread!, nil)
        #else
            pthread_join(thread, nil)
        #endif
    }
}

private final class ThreadStart {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

#if canImport(Darwin)
    private func runThread(_ start: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        runAndRelease(start)
        return nil
    }
#else
    private func runThread(_ start: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        runAndRelease(start!)
        return nil
    }
#endif

private func runAndRelease(_ start: UnsafeMutableRawPointer) {
    // SAFETY: `onTwoThreads` passed it retained, once.
    Unmanaged<ThreadStart>.fromOpaque(start).takeRetainedValue().body()
}
