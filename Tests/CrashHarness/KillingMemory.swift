import MemoryAccess
import ProcessSupport
import TraceCore

/// The machine's own memory, and an end of the process in front of the n-th operation on it. Plain stores stand between two
/// operations, and nobody looks at them before a word says so: so an end at each operation is an end at each state that the
/// file can be left in, as far as order goes.
enum KillingMemory: MemoryModel {
    static func loadRelaxed(_ word: SharedWord) -> UInt64 {
        process_support_tick()
        return NativeMemory.loadRelaxed(word)
    }

    static func loadAcquire(_ word: SharedWord) -> UInt64 {
        process_support_tick()
        return NativeMemory.loadAcquire(word)
    }

    static func storeRelaxed(_ value: UInt64, to word: SharedWord) {
        process_support_tick()
        NativeMemory.storeRelaxed(value, to: word)
    }

    static func storeRelease(_ value: UInt64, to word: SharedWord) {
        process_support_tick()
        NativeMemory.storeRelease(value, to: word)
    }

    static func fetchAdd(_ value: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        process_support_tick()
        return NativeMemory.fetchAdd(value, to: word)
    }

    static func fetchOr(_ bits: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        process_support_tick()
        return NativeMemory.fetchOr(bits, to: word)
    }

    static func compareExchange(_ expected: UInt64, with desired: UInt64, in word: SharedWord, order: ModificationOrder)
        -> Bool
    {
        process_support_tick()
        return NativeMemory.compareExchange(expected, with: desired, in: word)
    }

    static func fence() { NativeMemory.fence() }
    static func willRead(_ cell: UnsafeRawPointer, byteCount: Int) {}
    static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int) { process_support_tick() }
    static func pause() {}
}

/// The control: moves the lane's position before the record's bytes are written. Recovery has to find torn records.
struct TooEarly<Base: EncodedRecord>: EncodedRecord {
    let base: Base
    /// The first word of the lane.
    let position: SharedWord

    var byteCount: Int { base.byteCount }
    var excess: Int { base.excess }

    func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
        let before = NativeMemory.loadRelaxed(position)
        // Of a page that was opened for this record, the position is not in it yet: left as it is.
        if UInt64(UInt(bitPattern: address)) & 0xFFF == before & 0xFFFF {
            NativeMemory.storeRelease(before &+ 0x1_0000 &+ UInt64(byteCount), to: position)
        }
        process_support_tick()
        base.store(id: id, delta: delta, to: address)
        NativeMemory.storeRelease(before, to: position)
    }
}
