/// The numbers of Fuchsia's trace format (fuchsia.dev, "Fuchsia trace format"). All is made of 64-bit words.
enum FXT {
    static var magic: UInt64 { 0x0016_5478_4604_0010 }
    /// A record's size takes 12 bits.
    static var maximumRecordWords: Int { 4095 }
    static var maximumArguments: Int { 15 }

    enum RecordType: UInt64 {
        case metadata, initialization, string, thread, event
        case kernelObject = 7
    }

    enum EventType: UInt64 {
        case instant, counter, durationBegin, durationEnd, durationComplete, asyncBegin, asyncInstant, asyncEnd
        case flowBegin, flowStep, flowEnd
    }

    enum ArgumentType: UInt64 {
        case null, int32, uint32, int64, uint64, double, string, pointer, koid, boolean
    }

    enum KernelObject: UInt64 {
        case process = 1
        case thread
    }

    /// The first word of a record of so many words, but for what its type adds from bit 16 on.
    static func header(_ type: RecordType, words: Int) -> UInt64 { type.rawValue | UInt64(words) << 4 }
}

/// How a record names a text: by its number in the string table, or by the text's length, and the text follows.
struct FXTText {
    /// 0 for the empty text; with bit 15 the length of ``inline``.
    let reference: UInt16
    /// Empty where the table has it.
    let inline: String

    static var empty: FXTText { FXTText(number: 0) }

    /// A text of the table.
    init(number: UInt16) {
        reference = number
        inline = ""
    }

    /// A text by value, cut at `limit` bytes.
    init(inline text: String, limit: Int) {
        inline = text.utf8.count <= limit ? text : String(text.prefix(utf8Limit: limit))
        reference = inline.isEmpty ? 0 : 0x8000 | UInt16(inline.utf8.count)
    }
}

/// A record that is being put together: its head is known last.
struct FXTRecord {
    private(set) var words: [UInt64] = []
    private(set) var argumentCount = 0

    /// Begins a record anew; its first word is left open.
    mutating func begin() {
        words.removeAll(keepingCapacity: true)
        words.append(0)
        argumentCount = 0
    }

    mutating func append(_ word: UInt64) { words.append(word.littleEndian) }

    /// The text's bytes if it is inline, padded to whole words.
    mutating func append(_ text: FXTText) {
        guard text.reference & 0x8000 != 0 else { return }
        var inline = text.inline
        inline.withUTF8 { bytes in
            let start = words.count
            words.append(contentsOf: repeatElement(0, count: (bytes.count + 7) / 8))
            words.withUnsafeMutableBytes { memory in
                UnsafeMutableRawBufferPointer(rebasing: memory[(start * 8)...]).copyMemory(from: .init(bytes))
            }
        }
    }

    /// An argument of one word behind its name.
    mutating func argument(_ name: FXTText, _ type: FXT.ArgumentType, _ word: UInt64) {
        let start = openArgument(name)
        append(word)
        closeArgument(name, type, from: start, 0)
    }

    mutating func argument(_ name: FXTText, _ value: Bool) {
        let start = openArgument(name)
        closeArgument(name, .boolean, from: start, value ? 1 : 0)
    }

    mutating func argument(_ name: FXTText, _ value: FXTText) {
        let start = openArgument(name)
        append(value)
        closeArgument(name, .string, from: start, UInt64(value.reference))
    }

    private mutating func openArgument(_ name: FXTText) -> Int {
        let start = words.count
        words.append(0)
        append(name)
        return start
    }

    private mutating func closeArgument(_ name: FXTText, _ type: FXT.ArgumentType, from start: Int, _ high: UInt64) {
        let size = UInt64(words.count - start)
        words[start] = (type.rawValue | size << 4 | UInt64(name.reference) << 16 | high << 32).littleEndian
        argumentCount += 1
    }

    /// Fills in the first word: the record's type and size, and `rest` from bit 16 on.
    mutating func close(_ type: FXT.RecordType, _ rest: UInt64) {
        precondition(words.count <= FXT.maximumRecordWords && argumentCount <= FXT.maximumArguments)
        words[0] = (FXT.header(type, words: words.count) | rest).littleEndian
    }
}
