internal import TraceCore

/// Puts an export together in memory and hands it to a sink in large pieces. One thread at a time.
///
/// Bytes reach the sink in the order in which they were appended. After the sink has thrown, what is buffered is lost, and the
/// output is incomplete: an exporter passes the error on and is done.
struct OutputBuffer<Sink: ByteSink & ~Copyable>: ~Copyable {
    private var bytes: [UInt8] = []
    private var sink: Sink
    /// Of all that was appended.
    private(set) var byteCount: UInt64 = 0

    /// Bytes that are kept before they are written.
    private static var limit: Int { 256 << 10 }

    init(to sink: consuming Sink) {
        self.sink = sink
        bytes.reserveCapacity(Self.limit + (64 << 10))
    }

    /// Writes what is due: called now and then, between two records.
    mutating func flushIfFull() throws {
        if bytes.count >= Self.limit { try flush() }
    }

    mutating func flush() throws {
        guard !bytes.isEmpty else { return }
        try bytes.withUnsafeBytes { try sink.write($0) }
        bytes.removeAll(keepingCapacity: true)
    }

    /// Writes the rest and gives the sink back.
    consuming func finish() throws -> Sink {
        try flush()
        return sink
    }

    mutating func append(_ byte: UInt8) {
        bytes.append(byte)
        byteCount &+= 1
    }

    mutating func append(contentsOf more: some Collection<UInt8>) {
        bytes.append(contentsOf: more)
        byteCount &+= UInt64(more.count)
    }

    mutating func append(_ text: StaticString) {
        // SAFETY: a static string's bytes are constant data.
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Little-endian.
    mutating func append(fixed number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// LEB128, as protobuf and Go have it.
    mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
