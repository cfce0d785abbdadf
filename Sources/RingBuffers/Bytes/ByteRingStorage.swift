internal import CPlatform
internal import MemoryAccess

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The two pieces of memory of a byte ring: made by `allocate`, freed by `deallocate`, once.
@frozen
@usableFromInline
struct ByteRingStorage {
    @usableFromInline let control: UnsafeMutableRawPointer
    @usableFromInline let bytes: UnsafeMutableRawPointer
    @usableFromInline let capacity: Int
    @usableFromInline let isMirrored: Bool

    @usableFromInline static var controlByteCount: Int { 512 }

    /// Keeps record lengths below 2^32 - 1, the length word of a pad.
    static var maximumCapacity: Int { min(1 << (Int.bitWidth / 2), Int.max / 4 + 1) }

    @usableFromInline
    init(control: UnsafeMutableRawPointer, bytes: UnsafeMutableRawPointer, capacity: Int, isMirrored: Bool) {
        self.control = control
        self.bytes = bytes
        self.capacity = capacity
        self.isMirrored = isMirrored
    }

    @usableFromInline
    static func allocate(minimumCapacity: Int, mapping: ByteRingMapping) throws(ByteRingError) -> ByteRingStorage {
        guard minimumCapacity > 0, minimumCapacity <= maximumCapacity else {
            throw .invalidCapacity(minimumCapacity)
        }
        var capacity = mapping == .padded ? 64 : Int(sysconf(Int32(_SC_PAGESIZE)))
        while capacity < minimumCapacity { capacity *= 2 }
        var mirrored: UnsafeMutableRawPointer?
        if mapping != .padded {
            mirrored = cplatform_map_mirrored(capacity)
            if mirrored == nil, mapping == .mirrored { throw .mirroringUnavailable(errno: errno) }
        }
        let control = UnsafeMutableRawPointer.allocate(byteCount: controlByteCount, alignment: 128)
        control.initializeMemory(as: UInt8.self, repeating: 0, count: controlByteCount)
        if let mirrored {
            return ByteRingStorage(control: control, bytes: mirrored, capacity: capacity, isMirrored: true)
        }
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 128)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
        return ByteRingStorage(control: control, bytes: bytes, capacity: capacity, isMirrored: false)
    }

    @usableFromInline
    func deallocate() {
        if isMirrored {
            cplatform_unmap_mirrored(bytes, capacity)
        } else {
            bytes.deallocate()
        }
        control.deallocate()
    }
}
