import Foundation

/// Counts heap allocations of the whole process, exactly, through jemalloc.
///
/// jemalloc is not linked: it is there only when the process was started with it preloaded, and is then found by name.
/// Its counters of requests lie in each thread's cache until that is flushed, so each thread whose allocations are to
/// be seen calls ``flushThread()`` first. A `realloc` that succeeds in place is no request.
struct AllocationCounter: Sendable {
    private typealias Mallctl =
        @convention(c) (
            UnsafePointer<CChar>?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?, UnsafeMutableRawPointer?, Int
        ) -> Int32

    private let mallctl: Mallctl

    /// The process's counter, or nil without jemalloc.
    static let shared = AllocationCounter()

    private init?() {
        guard let symbol = dlsym(nil, "mallctl") else { return nil }
        mallctl = unsafeBitCast(symbol, to: Mallctl.self)
        guard read("stats.arenas.4096.small.nrequests") != nil else { return nil }
    }

    /// Hands in what the calling thread's cache has counted.
    func flushThread() {
        _ = "thread.tcache.flush".withCString { mallctl($0, nil, nil, nil, 0) }
    }

    /// All requests since the start of the process, by threads that have flushed since and by this one.
    func total() -> UInt64 {
        flushThread()
        var epoch: UInt64 = 1
        _ = "epoch".withCString { mallctl($0, nil, nil, &epoch, MemoryLayout<UInt64>.size) }
        // 4096 is MALLCTL_ARENAS_ALL.
        return (read("stats.arenas.4096.small.nrequests") ?? 0) + (read("stats.arenas.4096.large.nrequests") ?? 0)
    }

    /// The version of the library, such as "5.3.0".
    func version() -> String? {
        var text: UnsafePointer<CChar>?
        var size = MemoryLayout<UnsafePointer<CChar>?>.size
        let status = "version".withCString { mallctl($0, &text, &size, nil, 0) }
        guard status == 0, let text else { return nil }
        return String(cString: text).split(separator: "-").first.map(String.init)
    }

    private func read(_ name: StaticString) -> UInt64? {
        var value: UInt64 = 0
        var size = MemoryLayout<UInt64>.size
        let status = name.withUTF8Buffer {
            $0.withMemoryRebound(to: CChar.self) { mallctl($0.baseAddress, &value, &size, nil, 0) }
        }
        return status == 0 ? value : nil
    }
}
