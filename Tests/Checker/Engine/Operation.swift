/// What an agent is about to do, as far as other agents can notice.
struct Operation: Equatable {
    enum Kind: UInt8 {
        /// Reads one of the stores that the agent may still see.
        case load
        /// Puts a store behind all others of its word: also read-modify-writes, sleeping on a word and waking.
        case write
        /// A sequentially consistent fence of one agent.
        case fence
        /// A fence of all agents, which one asks for.
        case heavyFence
        /// Gives way.
        case pause
    }

    var kind: Kind
    var word: Int

    static let none = Operation(kind: .pause, word: -1)

    /// Whether a step that was tried before this one, of another agent, may do something else behind it.
    ///
    /// A write behind a load does not: the load could have read what was there before the write, had that come first.
    func wakes(_ pending: Operation) -> Bool {
        if kind == .pause || pending.kind == .pause { return false }
        if kind == .heavyFence || pending.kind == .heavyFence { return true }
        if kind == .fence || pending.kind == .fence { return kind == pending.kind }
        return kind == .write && word == pending.word
    }
}
