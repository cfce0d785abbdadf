/// The string table of an exported generation. Go's reader takes it as a whole before the first event, so that a text that
/// occurs once is written and forgotten.
struct GoTraceStrings {
    private var ids: [String: UInt64] = [:]
    private var lastID: UInt64 = 0
    /// Records for the next batch.
    private(set) var pending = LaneBytes()

    /// The number of a text that comes again: of a schema, or a thread.
    mutating func interned(_ text: String) -> UInt64 {
        if let id = ids[text] { return id }
        let id = added(text)
        ids[text] = id
        return id
    }

    /// The number of a text that occurs once. What is longer than Go allows is cut.
    mutating func added(_ text: String) -> UInt64 {
        // 0 is the empty text.
        guard !text.isEmpty else { return 0 }
        lastID += 1
        pending.append(GoTraceKind.string.rawValue)
        pending.append(varint: lastID)
        let limit = GoTraceBatch.maximumStringByteCount
        if text.utf8.count <= limit {
            pending.append(varint: UInt64(text.utf8.count))
            pending.append(contentsOf: text.utf8)
        } else {
            let begin = text.prefix(utf8Limit: limit)
            pending.append(varint: UInt64(begin.utf8.count))
            pending.append(contentsOf: begin.utf8)
        }
        return lastID
    }

    mutating func removePending() { pending.removeAll() }
}
