/// One of a word's stores, in the order in which they took effect.
struct Store {
    var value: UInt64
    /// What an acquiring load takes over; nil: nothing.
    var carried: Knowledge?
    /// The step that made it; -1 before there were any.
    var step: Int32
}

/// A word's stores, and who has accessed it.
struct WordState {
    static let maximumStores = 512

    var stores: UnsafeMutablePointer<Store>
    var count = 0
    /// Of each agent, the epoch of its last access.
    var accessed = SIMD8<UInt16>()
    var isFreed = false
    /// Whether its stores have to be ordered; the last one's agent and epoch.
    var isExclusive = false
    var lastStore: (agent: Int, epoch: UInt16) = (0, 0)

    // For the search: positions in the run, -1 for none.
    var lastWrite: Int32 = -1
    /// Of each agent, its last load behind the last write.
    var loads = SIMD8<Int32>(repeating: -1)
    /// What came before those loads, and they.
    var loadsBefore = SIMD8<UInt16>()
    /// What came before the last write, and it.
    var writeBefore = SIMD8<UInt16>()

    init() { stores = .allocate(capacity: Self.maximumStores) }

    mutating func reset(_ value: UInt64) {
        stores[0] = Store(value: value, carried: nil, step: -1)
        count = 1
        accessed = SIMD8()
        isFreed = false
        isExclusive = false
        lastStore = (0, 0)
        lastWrite = -1
        loads = SIMD8(repeating: -1)
        loadsBefore = SIMD8()
        writeBefore = SIMD8()
    }
}
