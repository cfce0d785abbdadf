import Foundation
import Harness

/// What a snapshot to a file is held against: memory of the arena's size that goes into a new file by `writev` and nothing
/// else.
final class BareWrite {
    static let pieceByteCount = 16 << 10
    private let memory: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        memory = .allocate(byteCount: byteCount, alignment: 4096)
        for offset in stride(from: 0, to: byteCount, by: 8) {
            memory.storeBytes(of: UInt64(offset) &* 0x9E37_79B9_7F4A_7C15, toByteOffset: offset, as: UInt64.self)
        }
    }

    deinit { memory.deallocate() }

    /// Writes so many bytes to a new file, `together` pieces a call.
    func write(_ byteCount: Int, together: Int, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failed("open", path) }
        defer { close(file) }
        try withUnsafeTemporaryAllocation(of: iovec.self, capacity: together) { pieces in
            var offset = 0
            while offset < byteCount {
                var count = 0
                var next = offset
                while count < together, next < byteCount {
                    let length = min(Self.pieceByteCount, byteCount - next)
                    pieces[count] = iovec(iov_base: memory.baseAddress! + next, iov_len: length)
                    next += length
                    count += 1
                }
                let written = writev(file, pieces.baseAddress!, Int32(count))
                guard written == next - offset else { throw failed("writev", path) }
                offset = next
            }
        }
    }

    /// Throws unless the file holds the first so many bytes of the memory.
    func check(_ byteCount: Int, at path: String, seed: UInt64) throws {
        let found = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
        let isEqual = found.withUnsafeBytes {
            memcmp($0.baseAddress!, memory.baseAddress!, min($0.count, byteCount)) == 0
        }
        guard found.count == byteCount, isEqual else {
            throw VerificationFailure("\(found.count) bytes, not the \(byteCount) written", at: path, seed: seed)
        }
    }

    private func failed(_ call: String, _ path: String) -> UnusableInput {
        UnusableInput("\(call) of \(path): \(String(cString: strerror(errno)))")
    }
}
