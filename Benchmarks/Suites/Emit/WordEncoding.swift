import TraceCore

/// Records of whole words, as tracers have them that do not count bytes:
///
///     { id 16 | words that follow 8 | delta 40 }   then the arguments, a word each
///                                                   a string: its length in bytes, then the bytes, padded
///
/// Nothing is worked out from the arguments, and no delta is too long in practice. A sync is an event 0 without words.
enum WordEncoding: RecordEncoding {
    static var code: UInt16 { 0x7701 }
    static var maximumDelta: UInt64 { 1 << 40 - 1 }
    static var maximumID: UInt32 { 0xFFFF }

    @inline(__always) static func none() -> Record { Record(count: 0, a: 0, b: 0, c: 0) }
    @inline(__always) static func one(_ a: UInt64) -> Record { Record(count: 1, a: a, b: 0, c: 0) }
    @inline(__always) static func two(_ a: UInt64, _ b: UInt64) -> Record { Record(count: 2, a: a, b: b, c: 0) }
    @inline(__always)
    static func three(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> Record { Record(count: 3, a: a, b: b, c: c) }

    @inline(__always)
    static func head(_ id: UInt32, _ words: Int, _ delta: UInt64) -> UInt64 {
        UInt64(id) | UInt64(truncatingIfNeeded: words) &<< 16 | delta &<< 24
    }

    struct Record: EncodedRecord {
        let count: Int
        let a, b, c: UInt64

        @inline(__always) var byteCount: Int { 8 &+ 8 &* count }

        @inline(__always)
        func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
            address.storeBytes(of: head(id, count, delta), as: UInt64.self)
            if count > 0 { (address + 8).storeBytes(of: a, as: UInt64.self) }
            if count > 1 { (address + 16).storeBytes(of: b, as: UInt64.self) }
            if count > 2 { (address + 24).storeBytes(of: c, as: UInt64.self) }
        }
    }

    /// Bytes, as they are.
    struct Bytes: EncodedRecord {
        let start: UnsafeRawPointer?
        let count: Int

        var words: Int { 1 + (count + 7) / 8 }
        var byteCount: Int { 8 + 8 * words }
        var excess: Int { count }

        func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
            address.storeBytes(of: head(id, min(words, 255), delta), as: UInt64.self)
            (address + 8).storeBytes(of: UInt64(count), as: UInt64.self)
            if let start { (address + 16).copyMemory(from: start, byteCount: count) }
        }
    }

    static func text(_ text: TextArgument) -> Bytes {
        Bytes(start: text.bytes.baseAddress, count: text.bytes.count)
    }

    static func wide(_ payload: UnsafeRawBufferPointer) -> Bytes {
        Bytes(start: payload.baseAddress, count: payload.count)
    }

    static func storeExtended(
        _ record: some EncodedRecord, id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer
    ) {
        record.store(id: id, delta: delta, to: address)
    }

    static func storeSync(_ delta: UInt64, to address: UnsafeMutableRawPointer) -> Int {
        address.storeBytes(of: head(0, 0, delta &>> 40), as: UInt64.self)
        return 8
    }

    static func storeGeneration(
        _ generation: UInt64, time: UInt64, delta: UInt64, to address: UnsafeMutableRawPointer
    ) -> Int {
        address.storeBytes(of: head(0, 2, delta), as: UInt64.self)
        (address + 8).storeBytes(of: generation, as: UInt64.self)
        (address + 16).storeBytes(of: time, as: UInt64.self)
        return 24
    }
}
