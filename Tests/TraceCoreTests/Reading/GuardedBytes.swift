import FuzzTargets
import TraceCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes that end where the next page begins, and that page cannot be read: a load beyond the end ends the process.
final class GuardedBytes {
    private let base: UnsafeMutableRawPointer
    private let size: Int
    private let start: UnsafeMutableRawPointer
    let count: Int

    init(_ bytes: some Collection<UInt8>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        count = bytes.count
        size = (count + page - 1) / page * page + page
        base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
        precondition(base != MAP_FAILED)
        precondition(mprotect(base + size - page, page, PROT_NONE) == 0)
        start = base + size - page - count
        UnsafeMutableRawBufferPointer(start: start, count: count).copyBytes(from: bytes)
    }

    deinit { munmap(base, size) }

    /// Valid as long as this object.
    fileprivate var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// As one span that reaches beyond the end of the bytes, into what cannot be read: what holds the reader back is the
    /// end of the batch.
    func withSpan<Result>(beyond: Int = 0, _ body: (RawSpan) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: start, count: count + beyond).bytes)
    }

    subscript(index: Int) -> UInt8 {
        get { start.load(fromByteOffset: index, as: UInt8.self) }
        set { start.storeBytes(of: newValue, toByteOffset: index, as: UInt8.self) }
    }
}

extension Agreement {
    /// What the first reader that disagrees got wrong; nil if all agree.
    static func failure(_ bytes: GuardedBytes, _ offsets: [Int], _ schemas: [EventSchema], beyond: Int = 0) -> String? {
        withExtendedLifetime(bytes) { failure(bytes.buffer, offsets, schemas, beyond: beyond) }
    }
}
