public import MemoryAccess

/// A ring with one producer that never waits and any number of readers that each see every element, or learn exactly how
/// many they missed.
///
///     let ring = BroadcastRing<UInt64>(minimumCapacity: 1 << 12)
///     let readers = ring.readers            // copyable: makes readers on any thread, at any time
///     var producer = ring.producer          // to the producing thread, held there as a local variable
///
///     producer.publish(42)
///
///     var reader = readers.makeReader(from: .oldest)
///     while let element = reader.next() { ... }
///     reader.lostCount                      // what the producer overwrote before this reader came to it
public typealias BroadcastRing<Element: BitwiseCopyable & Sendable> = GenericBroadcastRing<Element, NativeMemory>

// Layout
//   One allocation: the shared words (BroadcastControl.swift), then `capacity` slots, a power of two. A slot is the element
//   as 64-bit words (the last one filled up with zeros) and nothing else: no sequence number, no flag. Slot i & mask
//   belongs to index i; indices count publications since the start, modulo 2^64, and are compared by difference only. At
//   10^9 elements a second 2^64 last 584 years; a reader that sleeps through 2^63 of them is misled about what it lost.
//
// Ownership
//   Nobody owns a slot: producer and readers meet in it, word by word, with atomic accesses. Producer, `readers` and each
//   reader hold one reference to the memory; whoever drops the last frees it.
//
// The claim
//   Before it writes index i, the producer has stored a number above i in `claimed`: "slots of indices below this may
//   change under you from now on". It claims a step of indices at a time, a KiB or an eighth of the ring, so a publication
//   costs the element's words and `fine`. A reader copies the words first and looks at `claimed` afterwards: a claim that
//   reaches into the next lap of its slot, claimed - cursor > capacity, makes the copy void. `claimed` less one step is
//   also what `coarse` is in the slot ring: a lagging tail that streaming readers look at without disturbing `fine`.
//
// Invariants
//   1. The words of index i are stored before `fine` = i + 1 (release), and before the first claim above i + step
//      (release). A reader loads index i only below a value that it loaded (acquire) from `fine`, or from `claimed` less a
//      step. Otherwise, it takes the words of an earlier lap for those of i.
//   2. `claimed` > i is stored before the first word of index i. Otherwise, a reader that meets new words finds no trace
//      of their writer.
//   3. Each word is stored with release and loaded with acquire, and `claimed` is loaded after the last word. Otherwise,
//      a reader sees a word of the next lap but not the claim before it, and delivers it.
//   4. `claimed` and `fine` only grow, and only the producer writes them and the slots. Otherwise, an older value passes
//      for a newer one.
//   5. Every index that a cursor passes is either returned or added to `lostCount`. Otherwise, loss is not exact.
//
// Why an accepted element is whole and fresh (C11, and RC11 as well: there are no cycles through relaxed accesses)
//   Let a reader at cursor r load word w of its slot, from the store that index j made, and then c = claimed.
//   a. j >= r: the store of index r happens before the load (1: sequenced before the release of `fine` or `claimed` from
//      which the reader's acquire read), so by coherence the load cannot read anything older.
//   b. If j > r, then j >= r + capacity: it is the same slot. The acquire load read from j's release store (3), so
//      everything before that store happens before what follows the load: also the store of `claimed` > j (2). By
//      coherence and (4), c > j >= r + capacity, and the reader rejects.
//   c. So if it accepts, every word comes from index r. No fence takes part, no access is plain, and so no data race
//      exists to begin with.
@frozen
public struct GenericBroadcastRing<Element: BitwiseCopyable & Sendable, Memory: MemoryModel>: ~Copyable {
    /// The writing half: move it to the producing thread.
    public var producer: Producer

    /// Makes readers; copyable, for any thread.
    public let readers: ReaderSource

    /// Makes a ring of at least `minimumCapacity` slots: rounded up to a power of two, 2 or more. All its memory is
    /// touched here.
    ///
    /// A reader can fall `guaranteedHistory` elements behind before it loses any: the capacity less the step in which the
    /// producer claims slots (an eighth of the capacity, or a KiB if that is less).
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
        precondition(minimumCapacity <= Int.max / 4, "a ring of \(minimumCapacity) slots exceeds the address space")
        var capacity = 2
        while capacity < minimumCapacity { capacity *= 2 }
        let (slotBytes, overflows) = capacity.multipliedReportingOverflow(by: BroadcastSlot<Element>.stride)
        precondition(
            !overflows && slotBytes < Int.max / 2, "a ring of \(minimumCapacity) slots exceeds the address space")
        let base = UnsafeMutableRawPointer.allocate(
            byteCount: BroadcastControl<Memory>.headerByteCount + slotBytes, alignment: 128)
        let control = BroadcastControl<Memory>(base: base)
        control.initialize(startingAt: start, slotBytes: slotBytes)
        producer = Producer(control: control, mask: UInt64(capacity - 1), start: start)
        readers = ReaderSource(control: control, mask: UInt64(capacity - 1))
    }

    /// The number of slots.
    @inlinable public var capacity: Int { producer.capacity }

    /// How many of the newest elements a reader can always still get.
    @inlinable public var guaranteedHistory: Int { producer.guaranteedHistory }

    /// A new reader; see ``ReaderSource/makeReader(from:)``.
    @inlinable
    public func makeReader(from start: BroadcastStart = .oldest) -> Reader { readers.makeReader(from: start) }
}

/// Where a new reader of a broadcast ring begins.
public enum BroadcastStart: Sendable {
    /// At the oldest element that is still there.
    case oldest

    /// At the first element published after the reader was made.
    case newest
}
