internal import CPlatform
internal import MemoryAccess
internal import Synchronization

/// What the process records: one arena that all threads emit into. Whoever wants to look at it pins pages of the arena.
///
/// All of it may be called by any thread; it takes locks and allocates. Emits do neither, but for the first of an event.
public enum Trace {
    private struct State {
        var arena: Arena?
        /// Arenas that were recorded into, as long as a thread holds a lane in them. An emit may run inside a signal
        /// handler, and frees nothing: so a lane keeps no arena, but its arena is kept here.
        var kept: [Kept] = []

        mutating func retire() {
            if let arena {
                arena.retire()
                kept.append(Kept(arena: arena))
            }
            arena = nil
            release()
        }

        /// What is kept for its lanes alone has no use for its pages: otherwise each recording that begins would add an arena to
        /// those of threads that emit no more.
        mutating func release() {
            kept.removeAll { !$0.arena.isHeldByThreads }
            for index in kept.indices where !kept[index].hasForgottenPages {
                guard isKnownUniquelyReferenced(&kept[index].arena) else { continue }
                kept[index].arena.forgetPages()
                kept[index].hasForgottenPages = true
            }
        }
    }

    private struct Kept {
        var arena: Arena
        var hasForgottenPages = false
    }

    private static let state = Lock(State())

    /// The arena that events go to, or nil while nothing is recorded, as in a forked child.
    public static var arena: Arena? {
        let arena = state.withLock { $0.arena }
        return arena?.isMapped == true ? arena : nil
    }

    private static let door = ArenaDoor<NativeMemory>()

    /// How long an emit waits while one recording follows another, or the process is forked. Not for ever: a signal handler's emit
    /// may have come into `malloc`, and who starts the recording may be waiting for that.
    private static var patience: UInt64 { 10_000_000 }

    /// Takes a lane for the calling thread where there is a recording. Nil in the inner optional where none is left, or the
    /// recording changes for longer than ``patience``. Allocates, frees and locks nothing.
    static func attachThread() -> Lane<NativeMemory>?? {
        var start: UInt64?
        while true {
            let found = door.visit { address -> Lane<NativeMemory>? in
                // SAFETY: `state` keeps the arena until the door has been closed.
                let arena = Unmanaged<Arena>.fromOpaque(UnsafeRawPointer(bitPattern: UInt(address))!)
                return arena._withUnsafeGuaranteedRef { arena in
                    guard let lane = try? arena.attach(thread: cplatform_thread_id()) else { return nil }
                    lane.name = .ofCallingThread
                    return lane
                }
            }
            switch found {
            case .nothing: return nil
            case .arena(let lane): return lane
            case .closed:
                let now = cplatform_monotonic_nanoseconds()
                if start == nil { start = now }
                guard now - start! < patience else { return .some(nil) }
                cplatform_yield()
            }
        }
    }

    /// Frees retired arenas that no thread holds a lane of any more.
    static func releaseArenas() { state.withLock { $0.release() } }

    /// What else is held around a fork: see ``holdOverForks(_:)``. A retained ``ForkHolder``, or 0.
    private static let holder = Atomic<UInt>(0)

    private final class ForkHolder: Sendable {
        let hold: @Sendable (Bool) -> Void
        init(_ hold: @escaping @Sendable (Bool) -> Void) { self.hold = hold }
    }

    /// Calls `hold` with true before each fork and with false behind it, in parent and child: for the lock of a module above,
    /// which the child has to find free, and under which it calls into this one. Once per process.
    package static func holdOverForks(_ hold: @escaping @Sendable (Bool) -> Void) {
        let word = UInt(bitPattern: Unmanaged.passRetained(ForkHolder(hold)).toOpaque())
        let isFirst = holder.exchange(word, ordering: .acquiringAndReleasing) == 0
        precondition(isFirst, "held over forks twice")
    }

    private static func holdModuleAbove(_ takes: Bool) {
        guard let pointer = UnsafeRawPointer(bitPattern: holder.load(ordering: .acquiring)) else { return }
        // SAFETY: retained for ever by `holdOverForks`.
        Unmanaged<ForkHolder>.fromOpaque(pointer).takeUnretainedValue().hold(takes)
    }

    /// What the door led to before the fork.
    private nonisolated(unsafe) static var ledTo: UInt64 = 0

    /// Around a fork: the door is closed, so that the child has no visitor that stayed with its parent.
    private static func hold(_ takes: Bool) {
        if takes {
            holdModuleAbove(true)
            state.lock()
            ledTo = door.close()
            EventRegistry.shared.hold(true)
            ThreadNames.shared.hold(true)
        } else {
            ThreadNames.shared.hold(false)
            EventRegistry.shared.hold(false)
            door.open(ledTo)
            state.unlock()
            holdModuleAbove(false)
        }
    }

    /// Records all events into `arena` from now on. Threads that wrote into an earlier one move over at their next event;
    /// its pages stay readable for who holds it.
    ///
    /// - Throws: ``ArenaError/forked`` for an arena made before this process was forked, ``ArenaError/retired`` for one that
    ///   was recorded into before, ``ArenaError/system(call:code:byteCount:)`` where the system has no key for thread exits left.
    public static func start(_ arena: Arena) throws(ArenaError) {
        guard arena.isMapped else { throw .forked }
        if let code = hooks { throw .system(call: "pthread_key_create", code: code, byteCount: 0) }
        try state.withLock { state throws(ArenaError) in
            guard state.arena !== arena else { return }
            guard !arena.isRetired else { throw .retired }
            door.close()
            defer { door.open(UInt64(UInt(bitPattern: Unmanaged.passUnretained(arena).toOpaque()))) }
            state.retire()
            state.arena = arena
            // Under the lock: the switches and the arena are those of the same call.
            ThreadNames.shared.setMetadata(arena.metadata)
            EventRegistry.shared.setRecording(true, metadata: arena.metadata)
        }
    }

    /// Ends the recording. Returns the arena, which stays readable and takes no more events.
    @discardableResult
    public static func stop() -> Arena? {
        state.withLock { state in
            door.close()
            defer { door.open(0) }
            EventRegistry.shared.setRecording(false)
            ThreadNames.shared.setMetadata(nil)
            let arena = state.arena
            state.retire()
            return arena
        }
    }

    /// The calling thread's exit, told by the system: the lane goes back. Nil, or an error number.
    private static let hooks: Int32? = {
        let code = cplatform_set_thread_hooks({ ThreadLane.leave(Lane($0)) }, { Trace.hold($0) })
        return code == 0 ? nil : code
    }()
}

extension Trace {
    /// Every event that was registered so far, in the order of the ids: 1 and on.
    public static var schemas: [EventSchema] { EventRegistry.shared.schemas }

    /// Every static text that was used so far, in the order of the numbers: 1 and on.
    public static var texts: [String] { EventRegistry.shared.texts }

    /// The threads that emitted so far, by lane, with their names: a lane that was used again has several. A name is that of
    /// the thread's end; of up to 64 threads that live, that of now; of the others, that of their first event.
    public static var threads: [NativeThread] {
        noteLivingThreads(64)
        return ThreadNames.shared.all
    }

    /// Notes the names of the threads that hold lanes, and asks so many of them how they are called now: a system call or more
    /// each.
    private static func noteLivingThreads(_ limit: Int) {
        guard let arena else { return }
        for (count, lane) in arena.lanes.lazy.filter({ $0.thread != nil }).enumerated() {
            ThreadNames.shared.note(
                lane: lane.number, thread: lane.thread!, taken: arena.view.lane(lane.number).name, asks: count < limit)
        }
    }

    /// The names of threads that wrote these batches or began these spans, as of now where they live and are few: what a file
    /// needs, however many threads the process had.
    package static func threads(of batches: [(lane: UInt32, thread: UInt32)]) -> [NativeThread] {
        let holders = Set(batches.lazy.map { ThreadNames.Holder(lane: $0.lane, thread: $0.thread) })
        noteLivingThreads(16)
        return ThreadNames.shared.names(of: holders)
    }

    /// Whether events of a category are recorded, while there is a recording. Those of a category that nobody switched are.
    public static func isOn(category: String) -> Bool { EventRegistry.shared.isOn(category: category) }

    /// Switches a category, for events that exist and events that come. Takes effect at each thread's next emit.
    ///
    /// - Complexity: O(registered events).
    public static func setCategory(_ category: String, isOn: Bool) {
        EventRegistry.shared.setCategory(category, isOn: isOn)
    }

    /// Events that no lane could count, since the start of the process: emitted by a signal handler while its own thread was
    /// taking a lane or registering an event, or by a thread that found all lanes taken, or one recording
    /// following another for 10 ms.
    public static var uncounted: UInt64 { ThreadLane.uncounted.load(ordering: .relaxed) }
}
