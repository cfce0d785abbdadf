/// From addresses to small numbers, emptied in no time.
struct AddressTable {
    private struct Entry {
        var key: UInt = 0
        var run: UInt32 = 0
        var number: Int32 = 0
    }

    private var entries: UnsafeMutablePointer<Entry>
    private let mask: Int
    private var run: UInt32 = 1
    private(set) var count = 0

    init(capacity: Int) {
        mask = capacity - 1
        entries = .allocate(capacity: capacity)
        entries.initialize(repeating: Entry(), count: capacity)
    }

    mutating func removeAll() {
        run += 1
        count = 0
    }

    /// Where an address stands, or would.
    @inline(__always)
    private func slot(of key: UInt) -> (slot: Int, isTaken: Bool) {
        var slot = Int(truncatingIfNeeded: (key &>> 3) &* 0x9E37_79B9_7F4A_7C15 &>> 40) & mask
        while entries[slot].run == run {
            if entries[slot].key == key { return (slot, true) }
            slot = (slot + 1) & mask
        }
        return (slot, false)
    }

    /// The number of an address, and whether it is a new one: then it is the count before.
    @inline(__always)
    mutating func number(_ key: UInt) -> (number: Int, isNew: Bool) {
        let (slot, isTaken) = slot(of: key)
        if isTaken { return (Int(entries[slot].number), false) }
        precondition(count < mask / 2, "more than \(mask / 2) addresses")
        entries[slot] = Entry(key: key, run: run, number: Int32(count))
        count += 1
        return (count - 1, true)
    }

    func known(_ key: UInt) -> Int? {
        let (slot, isTaken) = slot(of: key)
        return isTaken ? Int(entries[slot].number) : nil
    }
}
