/// JSON.
extension EncodingBuffer {
    /// A string with its quotation marks, of valid UTF-8: what JSON does not allow in one is escaped, and so is nothing else.
    mutating func put(jsonString bytes: UnsafeRawBufferPointer) {
        put(UInt8(ascii: "\""))
        var start = 0
        for place in bytes.indices {
            let byte = bytes[place]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            put(UnsafeRawBufferPointer(rebasing: bytes[start..<place]))
            start = place + 1
            put(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\n"): put(UInt8(ascii: "n"))
            case UInt8(ascii: "\t"): put(UInt8(ascii: "t"))
            case UInt8(ascii: "\r"): put(UInt8(ascii: "r"))
            case 0..<0x20:
                put("u00")
                put(UInt8(48 &+ byte >> 4))
                let low = byte & 15
                put(low < 10 ? 48 &+ low : 87 &+ low)
            default: put(byte)
            }
        }
        put(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        put(UInt8(ascii: "\""))
    }

    mutating func put(jsonString text: String) {
        var text = text
        text.withUTF8 { put(jsonString: UnsafeRawBufferPointer($0)) }
    }

    /// Whole numbers are exact for every reader: beyond what a double holds, they are strings.
    mutating func put(json number: UInt64) {
        let isExact = number <= 1 << 53
        if !isExact { put(UInt8(ascii: "\"")) }
        put(decimal: number)
        if !isExact { put(UInt8(ascii: "\"")) }
    }

    mutating func put(json number: Int64) {
        let isExact = number.magnitude <= 1 << 53
        if !isExact { put(UInt8(ascii: "\"")) }
        put(decimal: number)
        if !isExact { put(UInt8(ascii: "\"")) }
    }

    /// The shortest digits that give the same number again. JSON has no infinities and no NaN: those are strings.
    mutating func put(json number: some BinaryFloatingPoint & CustomStringConvertible) {
        if number.isFinite { put(number.description) } else { put(jsonString: number.description) }
    }

    /// Nanoseconds as microseconds with three decimals.
    mutating func put(microseconds nanoseconds: UInt64) {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1000)
        put(decimal: whole)
        put(UInt8(ascii: "."))
        put(decimal: rest, digits: 3)
    }
}
