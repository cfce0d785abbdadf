internal import TraceCore

/// Bytes of an export, or of one thread's part of it, put together until they are worth a batch.
struct LaneBytes {
    private(set) var bytes: [UInt8] = []

    /// A lane's bytes that make a batch, and those of all lanes together that make all of them write one: so memory stays
    /// bounded however many threads there are.
    static var batchLimit: Int { 32 << 10 }
    static var totalLimit: Int { 8 << 20 }

    var count: Int { bytes.count }
    var isEmpty: Bool { bytes.isEmpty }

    /// - Parameter lanes: how many there are. Where they are many, room that is kept for each would be much.
    mutating func removeAll(lanes: Int = 1) { bytes.removeAll(keepingCapacity: lanes <= Self.totalLimit >> 16) }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func append(contentsOf more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

    /// Little-endian.
    mutating func append(fixed number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// LEB128.
    mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

extension OutputBuffer where Sink: ~Copyable {
    /// Takes over what an encoder has made, once that is much, or `all`.
    mutating func take(_ made: inout LaneBytes, all: Bool = false) throws {
        guard made.count >= LaneBytes.batchLimit || all else { return }
        append(contentsOf: made.bytes)
        made.removeAll()
        try flushIfFull()
    }
}
