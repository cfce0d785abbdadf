import Foundation

/// Runs `body` on a thread of its own, to its end: its exit, and what the exit does, has happened then. Keeps the calling
/// thread meanwhile: for short bodies.
func onThread(_ body: @escaping @Sendable () -> Void) async {
    let box = Unmanaged.passRetained(Box(body))
    #if canImport(Darwin)
        var thread: pthread_t?
    #else
        var thread = pthread_t()
    #endif
    let failure = pthread_create(
        &thread, nil,
        { argument in
            #if canImport(Darwin)
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            #else
                Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            #endif
            return nil
        }, box.toOpaque())
    precondition(failure == 0, "pthread_create failed with error \(failure)")
    #if canImport(Darwin)
        pthread_join(thread!, nil)
    #else
        pthread_join(thread, nil)
    #endif
}

private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
