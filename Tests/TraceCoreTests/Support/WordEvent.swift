import MemoryAccess
import TraceCore

/// An event that carries one word in a layout of its choice: what comes back has to be what the word demands, in every byte.
enum WordEvent {
    struct Wrong: Error, CustomStringConvertible { var description: String }

    /// Ids 1 to 5, and 300 for an extended one.
    static func shape(_ id: Int) -> RecordShape {
        switch id {
        case 1, 300: .one
        case 2: .two
        case 3: .three
        case 4: .text
        default: .wide
        }
    }

    static func text(_ word: UInt64, limit: Int) -> [UInt8] {
        let count = limit <= 20 ? limit : 20 + Int(word &* 7919 % UInt64(limit - 19))
        let digits = Array(String(word).utf8)
        return digits + [UInt8](repeating: UInt8(97 + word % 26), count: max(0, count - digits.count))
    }

    /// - Parameters:
    ///   - id: 1 to 5, or 300.
    ///   - room: at most so many bytes of text.
    /// - Returns: what the writer returned.
    @discardableResult
    static func emit<Memory: MemoryModel>(
        _ word: UInt64, id: Int, room: Int = 60, to writer: borrowing LaneWriter<Memory, DenseEncoding>,
        at stamp: Stamp = .now
    ) -> Bool {
        switch id {
        case 1: return writer.emit(DenseEncoding.one(word), id: 1, at: stamp)
        case 2: return writer.emit(DenseEncoding.two(word, word &* 31), id: 2, at: stamp)
        case 3: return writer.emit(DenseEncoding.three(word, ~word, word &* 7), id: 3, at: stamp)
        case 4:
            return text(word, limit: room).withUnsafeBytes { bytes in
                writer.emit(DenseEncoding.text(TextArgument(bytes)), id: 4, at: stamp)
            }
        case 5:
            return wide(word, room: room).withUnsafeBytes { bytes in
                writer.emit(DenseEncoding.wide(bytes), id: 5, at: stamp)
            }
        default: return writer.emit(ExtendedWordEvent(DenseEncoding.one(word)), id: 300, at: stamp)
        }
    }

    static func wide(_ word: UInt64, room: Int) -> [UInt8] {
        var payload = [UInt8](repeating: 0, count: WidePayload.maximumByteCount + 8)
        let count = payload.withUnsafeMutableBytes { buffer in
            var wide = WidePayload(in: buffer)
            wide.append(number: word)
            text(word, limit: room).withUnsafeBytes { wide.append(text: $0, fieldsLeft: 1) }
            wide.append(number: ~word)
            return wide.bytes.count
        }
        return Array(payload[..<count])
    }

    /// The word of an event that was read.
    static func word(id: Int, _ payload: PlainDecoder.Payload, room: Int) throws -> UInt64 {
        switch (id, payload) {
        case (1, .numbers(let numbers)), (300, .numbers(let numbers)): return numbers[0]
        case (2, .numbers(let numbers)) where numbers[1] == numbers[0] &* 31: return numbers[0]
        case (3, .numbers(let numbers)) where numbers[1] == ~numbers[0] && numbers[2] == numbers[0] &* 7:
            return numbers[0]
        case (4, .text(let bytes, isTruncated: false)):
            let word = UInt64(String(decoding: bytes.prefix { $0 < 58 }, as: UTF8.self)) ?? .max
            if bytes == text(word, limit: room) { return word }
        case (5, .wide(let bytes)):
            let word = try prefixVarint(bytes)
            if bytes == wide(word, room: room) { return word }
        default: break
        }
        throw Wrong(description: "event \(id) carries \(payload)")
    }

    private static func prefixVarint(_ bytes: [UInt8]) throws -> UInt64 {
        let record = try PlainDecoder.records(
            of: [1, 0, 0] + bytes.prefix(Int(bytes[0] == 0 ? 9 : bytes[0].trailingZeroBitCount + 1)), baseTime: 0
        ) { _ in .one }
        guard case .event(_, _, .numbers(let numbers))? = record.first else { throw Wrong(description: "no number") }
        return numbers[0]
    }
}

/// As an event with a high id is laid out by its handle.
struct ExtendedWordEvent<Base: EncodedRecord>: EncodedRecord {
    let base: Base
    init(_ base: Base) { self.base = base }
    var byteCount: Int { base.byteCount + 2 }
    var excess: Int { base.excess }
    func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
        DenseEncoding.storeExtended(base, id: id, delta: delta, to: address)
    }
}
