public import MemoryAccess

/// A single-producer single-consumer ring of fixed-size slots.
///
///     let ring = SPSCRing<UInt64>(minimumCapacity: 1 << 16)
///     var producer = ring.producer      // each half to its own thread, held there as a local variable
///     var consumer = ring.consumer
///
/// An element that was pushed can be popped at once. Neither half ever waits for the other: a push into a full ring and
/// a pop from an empty one say so.
public typealias SPSCRing<Element: ~Copyable> = GenericSPSCRing<Element, NativeMemory>

// Layout
//   One allocation: the shared words (SPSCControl.swift), then `capacity` slots, a power of two. Slot i & mask belongs to
//   index i; indices count pushes since the start, modulo 2^64, and are compared by difference only.
//
// Ownership
//   Indices  released ..< fine        hold elements: the consumer may move them out.
//            fine ..< released + cap  are raw memory: the producer may initialise them.
//   The half that closes second destroys what is left and frees the memory.
//
// The two-level tail
//   The producer stores the exact tail in `fine` with every push, and a lagging copy in `coarse` once per KiB. A
//   consumer that keeps up with the producer reads `fine`; one that streams reads `coarse`, and so does not take the
//   producer's line away at each element. `fine` is exact at all times, so nothing is ever held back and there is
//   nothing to flush: `pop` returns nil only after it read `fine`.
//   A streaming consumer stays a distance behind `coarse`: read up to the end, its hardware prefetches the lines that the
//   producer is about to write. What lies within it is taken once `coarse` stands still.
//
// Mail
//   A hand-over through a slot moves two lines, that of `fine` and the slot's. A consumer that keeps finding single elements
//   says so (`wantsMail`); the producer, which looks there on its slow path, then also leaves the bits of each single
//   element beside `fine`, and `mailTail` = its index + 1: the hand-over moves one line. Meanwhile its fast path ends at
//   the next slot, so that it does not ask at each push of a stream. Elements of one plain word only. Two mail words
//   alternate by the parity of the index.
//
// Eviction
//   A slot's line starts its next lap as two shared copies, one in each core's cache, and the producer's store has to
//   take the consumer's away first. On the processors measured, that costs 8 to 36 ns a line and no prefetch hides it,
//   for as long as the ring fits a second-level cache; and from another core complex, where it lies in a third-level cache,
//   110 ns. So a streaming consumer sends each line that it has read back to memory, from where the producer's prefetch does
//   fetch it in time. (quill, a logging library, flushes its queue's lines in the same way.) A hint: nothing depends on it.
//
// Invariants
//   1. A slot is written before the store (release) of `fine` that covers it, and read after a load (acquire) of `fine`
//      or `coarse` that covers it. Otherwise, the consumer reads raw memory.
//   2. `coarse` never exceeds `fine`'s value at the time it is stored. Otherwise, it covers unwritten slots.
//   3. `released` is stored (release) after the last access to the slots below it, and the producer loads it (acquire)
//      before it writes slots of the next lap. Otherwise, it overwrites what is still being read.
//   4. Mail for index i is written before `mailTail` = i + 1 (release), that before `fine` = i + 1 (release), and mail for
//      i + 2, to the same word, after it (release). The consumer loads `fine` (acquire) = i + 1, `mailTail` (acquire) =
//      i + 1, the word (acquire), and `fine` again, still i + 1: had the word come from a later push, that push's release
//      would show `fine` moved. Otherwise, an element is delivered twice and another one lost.
//   5. Only the producer writes `fine`, `coarse` and mail; only the consumer writes `released`. No read-modify-write, no
//      fence, on either path.
//   6. The consumer stores `released` at least every capacity / 8 slots, and before it reports an empty ring. Otherwise,
//      a producer may wait for room that is there.
@frozen
public struct GenericSPSCRing<Element: ~Copyable, Memory: MemoryModel>: ~Copyable {
    /// The writing half: move it to the producing thread.
    public var producer: Producer

    /// The reading half: move it to the consuming thread.
    public var consumer: Consumer

    /// Makes a ring of at least `minimumCapacity` slots: rounded up to a power of two, 8 or more. All its memory is
    /// touched here, so that no push meets a page fault.
    ///
    /// The consumer gives slots back in groups of an eighth of the capacity (and all of them when it finds the ring
    /// empty), so a producer can meet a full ring with up to an eighth of it already read.
    ///
    /// - Precondition: `minimumCapacity` is positive, and the slots fit the address space.
    @inlinable
    public init(minimumCapacity: Int) {
        self.init(minimumCapacity: minimumCapacity, startingAt: 0)
    }

    /// A ring whose first index is `start`: tests seed it near 2^32 and 2^64.
    @inlinable
    package init(minimumCapacity: Int, startingAt start: UInt64) {
        precondition(minimumCapacity > 0, "a ring needs a positive capacity, not \(minimumCapacity)")
        let capacity = SPSCGeometry<Element>.capacity(atLeast: minimumCapacity)
        let (slotBytes, overflows) = capacity.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        precondition(
            !overflows && slotBytes < Int.max / 2, "a ring of \(minimumCapacity) slots exceeds the address space")
        let byteCount = SPSCControl<Memory>.headerByteCount + slotBytes
        let base = UnsafeMutableRawPointer.allocate(
            byteCount: byteCount, alignment: max(128, MemoryLayout<Element>.alignment))
        base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        let control = SPSCControl<Memory>(base: base)
        control.initialize(startingAt: start)
        producer = Producer(control: control, mask: UInt64(capacity - 1), start: start)
        consumer = Consumer(control: control, mask: UInt64(capacity - 1), start: start)
    }
}

extension GenericSPSCRing where Element: ~Copyable {
    /// Marks one half as gone; the second to come destroys what is left and frees the memory.
    @inlinable
    static func close(_ control: SPSCControl<Memory>, half: UInt64, mask: UInt64) {
        // Acquires what the other half released when it closed: its last `fine` or `released`, and the slots.
        guard Memory.fetchOr(half, to: control.closed) != 0 else { return }
        let slots = control.slots.assumingMemoryBound(to: Element.self)
        var index = Memory.loadRelaxed(control.released)
        let end = Memory.loadRelaxed(control.fine)
        while index != end {
            let slot = slots + Int(truncatingIfNeeded: index & mask)
            Memory.willRead(slot, byteCount: MemoryLayout<Element>.stride)
            slot.deinitialize(count: 1)
            index &+= 1
        }
        Memory.willFree(
            control.base,
            byteCount: SPSCControl<Memory>.headerByteCount + (Int(mask) + 1) &* MemoryLayout<Element>.stride)
        control.base.deallocate()
    }
}
