/// Where a file's bytes go, in order.
public protocol ByteSink: ~Copyable {
    /// Takes all of `bytes`, or throws. After an error it is not known how many were taken.
    mutating func write(_ bytes: UnsafeRawBufferPointer) throws

    /// Takes three runs of bytes, one behind the other. Each may be empty.
    mutating func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer) throws

    /// Takes any number of runs of bytes, one behind the other. Each may be empty.
    mutating func write(gathering runs: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws
}

extension ByteSink where Self: ~Copyable {
    public mutating func write(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer
    ) throws {
        if !first.isEmpty { try write(first) }
        if !second.isEmpty { try write(second) }
        if !third.isEmpty { try write(third) }
    }

    public mutating func write(gathering runs: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws {
        for run in runs where !run.isEmpty { try write(run) }
    }
}

/// Keeps the bytes.
public struct MemorySink: ByteSink, Sendable {
    public private(set) var bytes: [UInt8] = []

    /// Grows beyond `capacity` bytes if it has to.
    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    public mutating func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}

/// Counts the bytes and forgets them.
public struct DiscardingSink: ByteSink, Sendable {
    public private(set) var byteCount: UInt64 = 0

    public init() {}

    public mutating func write(_ bytes: UnsafeRawBufferPointer) { byteCount += UInt64(bytes.count) }
}
