/// Where a small chunk is put together before it is written in one piece. Keeps its memory from one to the next.
struct ChunkBuffer: Sendable {
    private(set) var bytes: [UInt8] = []

    /// The longest text that is stored, in bytes: a longer one is cut at a boundary of a UTF-8 scalar.
    static var maximumTextByteCount: Int { 4096 }

    /// Makes room for a new chunk and leaves space for its head.
    mutating func begin() {
        bytes.removeAll(keepingCapacity: true)
        append(0 as UInt64)
    }

    /// Writes the head and fills up to a multiple of 8.
    mutating func end(_ kind: NativeChunkKind) {
        set(kind.rawValue, at: 0)
        set(UInt32(bytes.count - NativeChunkKind.headByteCount), at: 4)
        while bytes.count % 8 != 0 { bytes.append(0) }
    }

    mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ pair: ClockPair) {
        append(pair.ticks)
        append(pair.monotonic)
        append(pair.wall)
        append(pair.width)
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            var end = min(utf8.count, Self.maximumTextByteCount)
            while end < utf8.count, end > 0, utf8[end] & 0xC0 == 0x80 { end -= 1 }
            append(UInt16(end))
            bytes.append(contentsOf: utf8[..<end])
        }
    }

    /// Puts `number` in place of what was appended at `offset`.
    mutating func set(_ number: UInt32, at offset: Int) {
        for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> UInt32(8 * byte)) }
    }
}
