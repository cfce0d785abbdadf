#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Makes a system call again for as long as a signal interrupts it. A handler's SA_RESTART does not do that for all calls, nor do
/// all file systems: `open` on a network, `fsync`, `fallocate`. Never around `close`, after which the descriptor is another's.
///
/// - Returns: what the call does; -1 with `errno`, which is not EINTR.
package func uninterrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
