#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Memory whose last byte stands right before a page that must not be touched.
public final class GuardedMemory {
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    public init(capacity: Int) {
        self.capacity = (capacity + pageSize - 1) / pageSize * pageSize
        base = mmap(nil, self.capacity + pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(base != MAP_FAILED)
        mprotect(base + self.capacity, pageSize, PROT_NONE)
    }

    deinit { munmap(base, capacity + pageSize) }

    /// A copy of `bytes` that ends at the guard.
    public func copy(_ bytes: some Collection<UInt8>) -> UnsafeMutableRawBufferPointer {
        precondition(bytes.count <= capacity)
        let copy = UnsafeMutableRawBufferPointer(start: base + capacity - bytes.count, count: bytes.count)
        copy.copyBytes(from: bytes)
        return copy
    }
}
