/// Where JSON is put together.
protocol JSONOutput: ~Copyable {
    mutating func append(_ byte: UInt8)
    mutating func append(contentsOf more: some Collection<UInt8>)
    mutating func append(_ text: StaticString)
    mutating func append(decimal number: some FixedWidthInteger)
}

extension OutputBuffer: JSONOutput where Sink: ~Copyable {}

/// JSON as a value: for the parts of lines that repeat, and for columns of a database.
struct JSONBytes: JSONOutput {
    private(set) var bytes: [UInt8] = []

    var string: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }
    mutating func append(contentsOf more: some Collection<UInt8>) { bytes.append(contentsOf: more) }
    mutating func append(_ text: StaticString) {
        // SAFETY: a static string's bytes are constant data.
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
    mutating func append(decimal number: some FixedWidthInteger) { append(text: number.description) }
}

extension JSONOutput where Self: ~Copyable {
    /// A string of JSON with its quotes. Control characters, quotes and backslashes are escaped, all else is UTF-8.
    mutating func append(quoted text: String) {
        append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            for (index, byte) in utf8.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
                append(escape: byte)
                start = index + 1
            }
            append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(escape byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            for digit in [byte >> 4, byte & 15] { append(digit < 10 ? 48 + digit : 87 + digit) }
        }
    }

    /// A number of JSON; what is none there, a string: "NaN", "Infinity", "-Infinity".
    mutating func append(json number: Double) {
        guard number.isFinite else {
            return append(quoted: number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity")
        }
        append(text: number.description)
    }

    mutating func append(json number: Float) {
        guard number.isFinite else { return append(json: Double(number)) }
        append(text: number.description)
    }

    mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(contentsOf: $0) }
    }

    /// An argument as a value of JSON: an address as a string, "0x" and hexadecimal digits.
    mutating func append(json value: ArgumentValue) {
        switch value {
        case .unsigned(let number): append(decimal: number)
        case .signed(let number): append(decimal: number)
        case .double(let number): append(json: number)
        case .float(let number): append(json: number)
        case .boolean(let flag): flag ? append("true") : append("false")
        case .pointer(let address): append(quoted: "0x" + String(address, radix: 16))
        case .staticString(let text), .string(let text, _): append(quoted: text)
        }
    }

    /// In quotes.
    mutating func append(time nanoseconds: Int64) {
        append(UInt8(ascii: "\""))
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: WallTime.byteCount) { text in
            WallTime(nanoseconds: nanoseconds).store(to: text)
            append(contentsOf: UnsafeBufferPointer(text))
        }
        append(UInt8(ascii: "\""))
    }
}
