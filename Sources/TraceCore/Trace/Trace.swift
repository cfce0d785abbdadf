internal import CPlatform
internal import Synchronization

/// What the process records: one arena that all threads emit into. Whoever wants to look at it pins pages of the arena.
///
/// All of it may be called by any thread; it takes locks and allocates.
public enum Trace {
    private static let current = Lock<Arena?>(nil)

    /// The arena that events go to, or nil while nothing is recorded.
    public static var arena: Arena? { current.withLock { $0 } }

    /// Records all events into `arena` from now on. Threads that wrote into an earlier one move over at their next event;
    /// its pages stay readable for who holds it.
    ///
    /// - Throws: ``ArenaError/forked`` for an arena made before this process was forked, ``ArenaError/retired`` for one that
    ///   was recorded into before, ``ArenaError/system(call:code:byteCount:)`` where the system has no key for thread exits left.
    public static func start(_ arena: Arena) throws(ArenaError) {
        guard arena.isMapped else { throw .forked }
        if let code = hooks { throw .system(call: "pthread_key_create", code: code, byteCount: 0) }
        try current.withLock { current throws(ArenaError) in
            guard current !== arena else { return }
            guard !arena.isRetired else { throw .retired }
            current?.retire()
            current = arena
        }
        EventRegistry.shared.setRecording(true)
    }

    /// Ends the recording. Returns the arena, which stays readable and takes no more events.
    @discardableResult
    public static func stop() -> Arena? {
        EventRegistry.shared.setRecording(false)
        return current.withLock { current in
            defer { current = nil }
            current?.retire()
            return current
        }
    }

    /// The calling thread's exit, told by the system: the lane goes back. Nil, or an error number.
    private static let hooks: Int32? = {
        let code = cplatform_set_thread_hooks { ThreadLane.leave(Lane($0)) }
        return code == 0 ? nil : code
    }()
}

extension Trace {
    /// Every event that was registered so far, in the order of the ids: 1 and on.
    public static var schemas: [EventSchema] { EventRegistry.shared.schemas }

    /// Every static text that was used so far, in the order of the numbers: 1 and on.
    public static var texts: [String] { EventRegistry.shared.texts }

    /// Whether events of a category are recorded, while there is a recording. Those of a category that nobody switched are.
    public static func isOn(category: String) -> Bool { EventRegistry.shared.isOn(category: category) }

    /// Switches a category, for events that exist and events that come. Takes effect at each thread's next emit.
    ///
    /// - Complexity: O(registered events).
    public static func setCategory(_ category: String, isOn: Bool) {
        EventRegistry.shared.setCategory(category, isOn: isOn)
    }

    /// Events that no lane could count, since the start of the process: emitted by a signal handler while its own thread was
    /// taking a lane or registering an event, or by a thread that found all lanes taken.
    public static var uncounted: UInt64 { ThreadLane.uncounted.load(ordering: .relaxed) }
}
