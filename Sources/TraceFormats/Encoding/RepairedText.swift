extension RawSpan {
    /// Calls `body` with the UTF-8 at `range`, repaired where it is none. Complexity: O(bytes), without an allocation for ASCII.
    @inline(__always)
    func withRepairedText<Result>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try extracting(range).withUnsafeBytes { raw in
            if isASCII(raw) { return try body(raw) }
            var text = String(decoding: raw, as: UTF8.self)
            return try text.withUTF8 { try body(UnsafeRawBufferPointer($0)) }
        }
    }
}

private func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    while offset &+ 8 <= bytes.count {
        if bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
        offset &+= 8
    }
    while offset < bytes.count {
        if bytes[offset] >= 0x80 { return false }
        offset &+= 1
    }
    return true
}
