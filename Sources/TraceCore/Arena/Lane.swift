public import MemoryAccess
public import Synchronization

/// A thread's registry slot: 384 bytes of the arena's mapping. Index and time go on from owner to owner.
///
///     0    pos          { event index 48 | offset in the current page 16 }     owner writes, anyone reads
///     8    tag          generation of the last event
///     16   mark         pos at which that generation began
///     24   clock        time of the last record, in units                      owner only, from here on
///     32   limit        first offset without room for a short record; 0: no page
///     40   page         address of the current page
///     48   generation   address of the arena's generation word
///     56   entry        pos at the last emit's entry: equals pos during an emit (Lane+Append.swift)
///     64   owner        who holds the lane (LaneOwner)                         claimed and freed by anyone
///     72   holding      number of the current page + 1, 0: none
///     80   lost         events that found no page
///     88   refused      events emitted inside an emit, by a signal handler
///     96   left         address of the lane, in a retired arena, that its thread left for this one (ThreadLane.swift)
///     104  arena        address of the mapping
///     112  preparing    1 off the hot path
///     120  leftAt       when its thread left it for another one
///     128  depth        open spans; then 29 of them (SpanStack.swift)          owner writes, anyone reads
///     368  name         of the thread, two words (LaneName.swift)
///
/// The addresses mean something in the process that wrote them only.
@frozen
public struct Lane<Memory: MemoryModel>: @unchecked Sendable {
    @usableFromInline package let address: UnsafeMutableRawPointer

    @inlinable
    package init(_ address: UnsafeMutableRawPointer) { self.address = address }

    @inlinable public static var byteCount: Int { 384 }

    @inlinable @inline(__always)
    func word(_ offset: Int) -> SharedWord {
        // SAFETY: a lane is 384 bytes aligned to 128, bound to words when the arena was made.
        (address + offset).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    @inlinable package var pos: SharedWord { word(0) }
    @inlinable var tag: SharedWord { word(8) }
    @inlinable var mark: SharedWord { word(16) }
    @inlinable var clock: SharedWord { word(24) }
    @inlinable var owner: SharedWord { word(64) }
    @inlinable var holding: SharedWord { word(72) }
    @inlinable var lost: SharedWord { word(80) }
    @inlinable var refused: SharedWord { word(88) }
    @inlinable var entry: SharedWord { word(56) }
    @inlinable var preparing: SharedWord { word(112) }

    // What follows is touched by the owner alone, or by who takes the lane from it.

    @inlinable
    var limit: UInt64 {
        @inline(__always) get { Memory.loadOwn(word(32)) }
        nonmutating set { Memory.storeRelaxed(newValue, to: word(32)) }
    }

    @inlinable
    var page: UnsafeMutableRawPointer {
        // SAFETY: only followed where `limit` is not 0, that is, after an open stored it.
        @inline(__always) get {
            UnsafeMutableRawPointer(bitPattern: UInt(Memory.loadOwn(word(40)))).unsafelyUnwrapped
        }
        nonmutating set { Memory.storeRelaxed(UInt64(UInt(bitPattern: newValue)), to: word(40)) }
    }

    @inlinable
    var generation: SharedWord {
        // SAFETY: stored before the lane is first emitted through; `cplatform_no_lane` has a word of its own.
        @inline(__always) get {
            UnsafeMutablePointer(bitPattern: UInt(Memory.loadOwn(word(48)))).unsafelyUnwrapped
        }
        nonmutating set { Memory.storeRelaxed(UInt64(UInt(bitPattern: newValue)), to: word(48)) }
    }

    var left: UnsafeMutableRawPointer? {
        get { UnsafeMutableRawPointer(bitPattern: UInt(Memory.loadOwn(word(96)))) }
        nonmutating set { Memory.storeRelaxed(UInt64(UInt(bitPattern: newValue)), to: word(96)) }
    }

    /// In nanoseconds of the system's monotonic clock.
    var leftAt: UInt64 {
        get { Memory.loadOwn(word(120)) }
        nonmutating set { Memory.storeRelaxed(newValue, to: word(120)) }
    }

    /// The system's id of the thread that holds it.
    var thread: UInt32 { LaneOwner(word: Memory.loadRelaxed(owner)).thread }

    @inlinable
    var arena: UnsafeMutableRawPointer {
        get { UnsafeMutableRawPointer(bitPattern: UInt(Memory.loadOwn(word(104)))).unsafelyUnwrapped }
        nonmutating set { Memory.storeRelaxed(UInt64(UInt(bitPattern: newValue)), to: word(104)) }
    }
}

/// A lane's position: how many events it has seen, and where in its page the next record goes.
@frozen
public struct LanePosition: Sendable, Hashable {
    public var word: UInt64

    @inlinable public init(_ word: UInt64) { self.word = word }
    @inlinable public init(index: UInt64, offset: Int) { word = index &<< 16 | UInt64(truncatingIfNeeded: offset) }

    /// 48 bits, wraps.
    @inlinable public var index: UInt64 { word &>> 16 }
    @inlinable public var offset: Int { Int(word & 0xFFFF) }

    /// Events from `earlier` to here.
    @inlinable
    public func events(since earlier: LanePosition) -> UInt64 { (index &- earlier.index) & 0xFFFF_FFFF_FFFF }

    /// Whether this index lies before `other`'s. Right while they are less than 2^47 events apart.
    @inlinable
    public static func precedes(_ index: UInt64, _ other: UInt64) -> Bool {
        Int64(bitPattern: (index &- other) &<< 16) < 0
    }
}
