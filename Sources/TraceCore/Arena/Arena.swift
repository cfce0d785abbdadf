public import MemoryAccess

/// The memory of a trace: pages that threads fill one after the other, the oldest first to be overwritten. Its size is the
/// hard bound of what is kept, however many threads write and however many readers look.
public typealias Arena = GenericArena<NativeMemory>

/// All methods may be called by any thread, unless they say otherwise.
public final class GenericArena<Memory: MemoryModel>: Sendable {
    @usableFromInline package let view: ArenaView<Memory>
    private let mapping: ArenaMapping
    /// Of an arena in a file.
    package let metadata: RingMetadata<Memory>?
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
    /// process, and the file says how it is to be read (``ArenaImage``). It stays until ``removeFile()``.
    ///
    /// - Parameters:
    ///   - logByteCount: room for schemas and texts of events: what finds none is missing from what is recovered, and so are records
    ///     behind one of such an event. At least 4 KiB.
    /// - Throws: ``ArenaError/fileExists(path:)``, ``ArenaError/file(path:call:code:)``; then nothing is left behind.
    public convenience init(
        _ geometry: ArenaGeometry, newFile path: String, logByteCount: Int = 1 << 20
    ) throws(ArenaError) {
        try self.init(geometry, newFile: path, logByteCount: logByteCount, clock: TraceClock())
    }

    /// The same with a clock that runs already: to measure its rate takes longer than all else.
    package convenience init(
        _ geometry: ArenaGeometry, newFile path: String, logByteCount: Int, clock: TraceClock
    ) throws(ArenaError) {
        guard (4096...1 << 30).contains(logByteCount) else {
            throw .geometry(field: "logByteCount", value: logByteCount, allowed: "4096 to \(1 << 30)")
        }
        let offset = geometry.mappingByteCount
        let byteCount = RingLayout.byteCount(logByteCount: logByteCount)
        let mapping = try ArenaMapping(byteCount: offset + byteCount, newFile: path)
        self.init(geometry, in: mapping, metadata: offset..<offset + byteCount)
        metadata!.format(clock)
        try mapping.publish()
    }

    /// Notes the clock as known now in the arena's file, if it has one. One caller at a time.
    package func note(_ clock: TraceClock, newest: ClockPair) { metadata?.note(clock, newest: newest) }

    /// Removes the arena's file, whose content stays here. Does nothing in a forked child, or where there is none.
    public func removeFile() { mapping.removeFile() }

    /// Moves a file that a crashed process left at `path` to another path. Does nothing where there is none.
    ///
    /// - Throws: ``ArenaError/fileInUse(path:process:)`` where a process that lives records into it,
    ///   ``ArenaError/fileExists(path:)`` with the new path, ``ArenaError/file(path:call:code:)``.
    public static func moveLeftover(at path: String, to other: String) throws(ArenaError) {
        try RingFile.moveLeftover(at: path, to: other)
    }

    /// - Parameter seed: first generation and ticket: tests seed them near their ends.
    package convenience init(_ geometry: ArenaGeometry, seed: (generation: UInt64, ticket: UInt64)) throws(ArenaError) {
        self.init(geometry, in: try ArenaMapping(byteCount: geometry.mappingByteCount), seed: seed)
    }

    private init(
        _ geometry: ArenaGeometry, in mapping: ArenaMapping, metadata range: Range<Int>? = nil,
        seed: (generation: UInt64, ticket: UInt64) = (1, 0)
    ) {
        self.mapping = mapping
        metadata = range.map { RingMetadata(mapping, $0) }
        view = ArenaView(base: mapping.base, geometry: geometry)
        view.format(generation: seed.generation, ticket: seed.ticket, metadata: range ?? 0..<0)
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
        metadata?.end()
    }

    /// Whether a lane is held by a thread that lives. The mapping has to stay then.
    package var isHeldByThreads: Bool {
        guard mapping.isMapped else { return false }
        view.sweep()
        return (0..<Int(Memory.loadRelaxed(view.laneCount))).contains {
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
        return (0..<Int(Memory.loadRelaxed(view.laneCount))).map { number in
            let lane = view.lane(number)
            let owner = LaneOwner(word: Memory.loadRelaxed(lane.owner))
            let pending = Memory.loadRelaxed(lane.refused)
            return LaneStatus(
                number: number, thread: owner.isThread ? owner.thread : nil,
                events: LanePosition(Memory.loadAcquire(lane.pos)).index &+ pending,
                lost: Memory.loadRelaxed(lane.lost) &+ pending,
                openSpans: owner.isThread ? Int(Memory.loadRelaxed(lane.depth)) : 0)
        }
    }
}
