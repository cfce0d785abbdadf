internal import TraceCore

extension String {
    /// The longest begin of the text that fits `limit` bytes of UTF-8 and ends between two scalars.
    func prefix(utf8Limit limit: Int) -> Substring {
        guard utf8.count > limit else { return self[...] }
        var end = utf8.index(startIndex, offsetBy: limit)
        while UTF8.isContinuation(utf8[end]) { utf8.formIndex(before: &end) }
        return self[..<end]
    }
}

extension EventSchema.Field {
    /// For formats that know no units.
    var label: String { unit.isEmpty ? name : "\(name) (\(unit))" }
}

extension ArgumentValue {
    /// As an export shows a text that its writer cut.
    static func shown(_ text: String, isTruncated: Bool) -> String { isTruncated ? text + "…" : text }

    /// For formats whose events have texts in place of fields: texts in quotes, addresses in hexadecimal.
    func write(to text: inout String) {
        switch self {
        case .unsigned(let value): text += String(value)
        case .signed(let value): text += String(value)
        case .double(let value): text += value.description
        case .float(let value): text += value.description
        case .boolean(let value): text += value ? "true" : "false"
        case .pointer(let value):
            text += "0x"
            text += String(value, radix: 16)
        case .staticString(let value), .string(let value, isTruncated: false):
            text += "\""
            text += value
            text += "\""
        case .string(let value, isTruncated: true):
            text += "\""
            text += value
            text += "…\""
        }
    }
}
