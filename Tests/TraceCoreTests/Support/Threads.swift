/// Runs `body` on a thread of its own, to its end: its exit, and what the exit does, has happened then. Keeps the calling
/// thread meanwhile: for short bodies.
func onThread(_ body: @escaping @Sendable () -> Void) async { SystemThread(body).join() }
