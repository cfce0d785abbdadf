import FuzzTargets
import TraceCore

/// Bytes that end where the next page begins, and that page cannot be read: a load beyond the end ends the process.
final class GuardedBytes {
    private let memory: GuardedMemory
    /// Valid as long as this object.
    fileprivate let buffer: UnsafeMutableRawBufferPointer

    init(_ bytes: some Collection<UInt8>) {
        memory = GuardedMemory(capacity: bytes.count)
        buffer = memory.copy(bytes)
    }

    var count: Int { buffer.count }

    /// As one span that reaches beyond the end of the bytes, into what cannot be read: what holds the reader back is the
    /// end of the batch.
    func withSpan<Result>(beyond: Int = 0, _ body: (RawSpan) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: buffer.baseAddress, count: count + beyond).bytes)
    }

    subscript(index: Int) -> UInt8 {
        get { buffer[index] }
        set { buffer[index] = newValue }
    }
}

extension Agreement {
    /// What the first reader that disagrees got wrong; nil if all agree.
    static func failure(_ bytes: GuardedBytes, _ offsets: [Int], _ schemas: [EventSchema], beyond: Int = 0) -> String? {
        withExtendedLifetime(bytes) { failure(UnsafeRawBufferPointer(bytes.buffer), offsets, schemas, beyond: beyond) }
    }
}
