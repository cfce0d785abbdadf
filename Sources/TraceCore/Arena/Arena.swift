public import MemoryAccess

/// The memory of a trace: pages that threads fill one after the other, the oldest first to be overwritten. Its size is the
/// hard bound of what is kept, however many threads write and however many readers look.
public typealias Arena = GenericArena<NativeMemory>

/// All methods may be called by any thread, unless they say otherwise.
public final class GenericArena<Memory: MemoryModel>: Sendable {
    @usableFromInline package let view: ArenaView<Memory>
    private let mapping: ArenaMapping
    @usableFromInline var isMapped: Bool { mapping.isMapped }
    /// Held by who advances: the newest cut.
    private let cut: Lock<GenerationCut>

    public var geometry: ArenaGeometry { view.geometry }

    /// An arena in memory, all of it touched here, but for lanes that no thread has taken yet.
    ///
    /// - Throws: ``ArenaError/system(call:code:byteCount:)``.
    public convenience init(_ geometry: ArenaGeometry) throws(ArenaError) {
        let mapping = try ArenaMapping(byteCount: geometry.mappingByteCount)
        mapping.untouch(geometry.lanesOffset..<geometry.statesOffset)
        self.init(geometry, in: mapping)
    }

    /// An arena in a new file at `path`, for its owner only. What was published is in the file also after a crash of the
    /// process.
    ///
    /// - Throws: ``ArenaError/system(call:code:byteCount:)``, with EEXIST where there is a file.
    public convenience init(_ geometry: ArenaGeometry, newFile path: String) throws(ArenaError) {
        self.init(geometry, in: try ArenaMapping(byteCount: geometry.mappingByteCount, newFile: path))
    }

    /// - Parameter seed: first generation and ticket: tests seed them near their ends.
    package convenience init(_ geometry: ArenaGeometry, seed: (generation: UInt64, ticket: UInt64)) throws(ArenaError) {
        self.init(geometry, in: try ArenaMapping(byteCount: geometry.mappingByteCount), seed: seed)
    }

    private init(
        _ geometry: ArenaGeometry, in mapping: ArenaMapping, seed: (generation: UInt64, ticket: UInt64) = (1, 0)
    ) {
        self.mapping = mapping
        view = ArenaView(base: mapping.base, geometry: geometry)
        view.format(generation: seed.generation, ticket: seed.ticket)
        cut = Lock(GenerationCut(generation: seed.generation &- 1, positions: []))
    }

    /// The generation that events belong to now.
    public var generation: UInt64 {
        mapping.isMapped ? Memory.loadRelaxed(view.generation) & ~GenerationWord.retired : 0
    }

    /// Ends the current generation and begins the next; returns where it ended. What happened before this call is inside.
    ///
    /// - Complexity: O(lanes in use). Calls are served one after the other.
    /// - Throws: ``ArenaError/forked`` in a forked child.
    @discardableResult
    public func advance() throws(ArenaError) -> GenerationCut {
        guard mapping.isMapped else { throw .forked }
        return cut.withLock {
            if Memory.loadRelaxed(view.generation) & GenerationWord.retired == 0 { $0 = view.advance() }
            return $0
        }
    }

    /// The end of the last complete generation.
    public var lastCut: GenerationCut { cut.withLock { $0 } }

    var isRetired: Bool { Memory.loadRelaxed(view.generation) & GenerationWord.retired != 0 }

    /// Takes no more events: each writer finds out at its next one. Ends the last generation.
    package func retire() {
        guard mapping.isMapped else { return }
        cut.withLock { if Memory.loadRelaxed(view.generation) & GenerationWord.retired == 0 { $0 = view.retire() } }
    }

    /// Whether a lane is held by a thread that lives. The mapping has to stay then.
    var isHeldByThreads: Bool {
        guard mapping.isMapped else { return false }
        view.sweep()
        return (0..<Int(Memory.loadAcquire(view.laneCount))).contains {
            LaneOwner(word: Memory.loadAcquire(view.lane($0).owner)).isThread
        }
    }

    /// Gives the memory of the pages back. Where an emit was interrupted, it may still write to them; nobody may read them.
    func forgetPages() {
        guard mapping.isMapped else { return }
        mapping.untouch(geometry.pagesOffset..<mapping.byteCount)
    }

    /// Frees the lanes of threads that ended without a word; returns how many.
    @discardableResult
    public func sweep() throws(ArenaError) -> Int {
        guard mapping.isMapped else { throw .forked }
        return view.sweep()
    }
}

extension GenericArena {
    /// A thread's registry slot, as it stands.
    public struct LaneStatus: Sendable, Hashable {
        public var number: Int
        /// The thread that holds it, or nil.
        public var thread: UInt32?
        /// Events so far, of all threads that held it, lost ones included. 48 bits, wraps.
        public var events: UInt64
        /// Those of them that found no page, or came while another one was being emitted.
        public var lost: UInt64
        /// Spans of this thread that have begun and not ended, those included that ``GenericArena/openSpans()`` does not list.
        public var openSpans: Int
    }

    /// All lanes that were ever used.
    public var lanes: [LaneStatus] {
        guard mapping.isMapped else { return [] }
        return (0..<Int(Memory.loadAcquire(view.laneCount))).map { number in
            let lane = view.lane(number)
            let owner = LaneOwner(word: Memory.loadAcquire(lane.owner))
            let pending = Memory.loadRelaxed(lane.refused)
            return LaneStatus(
                number: number, thread: owner.isThread ? owner.thread : nil,
                events: LanePosition(Memory.loadAcquire(lane.pos)).index &+ pending,
                lost: Memory.loadRelaxed(lane.lost) &+ pending,
                openSpans: owner.isThread ? Int(Memory.loadRelaxed(lane.depth)) : 0)
        }
    }
}
