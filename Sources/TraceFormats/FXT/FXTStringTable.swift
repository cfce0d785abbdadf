/// The texts that records name by a number. What finds no place in the table stands in the records themselves.
struct FXTStringTable {
    private var numbers: [String: UInt16] = [:]

    /// Numbers take 15 bits, and 0 is the empty text.
    static var limit: Int { 32_767 }
    /// Of a text in a record, in bytes: a valid file has none that is longer. With 15 arguments of this length, their names
    /// and the event's a record still fits 4,095 words.
    static var inlineLimit: Int { 1024 + 3 }
    /// Of an argument's name that stands in the record.
    static var inlineNameLimit: Int { 512 }
    /// Of a text in the table: the longest that a native file has.
    private static var tableLimit: Int { 4096 }

    /// The reference to `text`. Where it is new, its string record goes to `output` first, in front of the record that it is
    /// for. Complexity: O(length).
    mutating func reference(
        _ text: String, to output: inout LaneBytes, inlineLimit: Int = inlineLimit
    ) -> FXTText {
        if text.isEmpty { return .empty }
        if let number = numbers[text] { return FXTText(number: number) }
        guard numbers.count < Self.limit else { return FXTText(inline: text, limit: inlineLimit) }
        let number = UInt16(numbers.count + 1)
        numbers[text] = number
        let inline = FXTText(inline: text, limit: Self.tableLimit)
        var record = FXTRecord()
        record.begin()
        record.append(inline)
        record.close(.string, UInt64(number) << 16 | UInt64(inline.reference & 0x7FFF) << 32)
        output.append(words: record.words)
        return FXTText(number: number)
    }
}

extension LaneBytes {
    mutating func append(words: [UInt64]) { words.withUnsafeBytes { append(contentsOf: $0) } }
}
