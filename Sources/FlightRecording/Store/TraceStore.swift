internal import CPlatform
internal import TraceCore

/// The memory that all recorders and streams of the process share, and that all threads emit into: one arena.
///
/// It is there from the first ``FlightRecorder/start()`` (or stream) to the last stop. Its size, `maximumBytes`, is the hard
/// bound of all trace in the process, however many threads, recorders and streams there are: they are views of it, and
/// have no buffers of their own. Beside it stand a lane of 128 bytes for each of `maximumThreads`, 8 bytes a page, and at
/// most 64 cuts of 8 bytes a thread.
///
/// Where the program has called `Trace.start` itself, recorders and streams look at that arena, and leave it recording.
///
/// Any thread may call all of it.
public enum TraceStore {
    public struct Configuration: Sendable, Hashable {
        /// Nil: what the first recorder that starts asks for (a stream: 64 MiB). At least 64 KiB.
        public var maximumBytes: Int?
        /// A power of two, 4 KiB to 64 KiB: what one thread takes at a time.
        public var pageByteCount = 16 << 10
        /// Threads that may emit at a time, 1 to 65536; events of others are counted (`Trace.uncounted`).
        public var maximumThreads = 1024
        /// A generation ends after so long at the latest: how finely windows are cut by age, and how late streams are. A
        /// snapshot ends one at once. At least 1 ms.
        public var generationPeriod: Duration = .seconds(1)

        /// Where the window is kept.
        public var storage = TraceStorage.memory

        public init() {}
    }

    /// How the store stands.
    public struct Usage: Sendable, Hashable {
        /// All memory of events: what `maximumBytes` came to, in whole pages.
        public var byteCount: Int
        public var pageByteCount: Int
        /// Of `byteCount`, how much streams may keep from being overwritten, all together. A recorder's window may shrink
        /// by as much while streams are slow or stuck, and not by more.
        public var streamByteCount: Int
        /// Events so far, lost ones included.
        public var events: UInt64
        /// Events that found no page, or came inside another event of their thread.
        public var lost: UInt64
        /// Generations that ended.
        public var generations: UInt64
        /// Time spent on ending generations, in nanoseconds.
        public var generationCost: UInt64
    }

    private struct State {
        var configuration = Configuration()
        var session: TraceSession?
        var users = 0

        /// A forked child has none of its parent's recordings.
        mutating func leaveParentBehind() {
            if let session, session.isForked {
                session.abandon()
                self.session = nil
                users = 0
            }
        }
    }

    private static let state: Lock<State> = {
        let state = Lock(State())
        Trace.holdOverForks { takes in if takes { state.lock() } else { state.unlock() } }
        return state
    }()

    /// Sets what the store will be when the next recorder or stream starts.
    ///
    /// - Throws: ``FlightRecorderError/storeInUse`` while something records, ``FlightRecorderError/configuration(field:value:allowed:)``.
    public static func configure(_ configuration: Configuration) throws(FlightRecorderError) {
        try configuration.check()
        try state.withLock { state throws(FlightRecorderError) in
            state.leaveParentBehind()
            guard state.session == nil else { throw .storeInUse }
            state.configuration = configuration
        }
    }

    /// How the store stands, or nil while nothing records.
    public static var usage: Usage? {
        let session = state.withLock { state in
            state.leaveParentBehind()
            return state.session
        }
        return session?.usage
    }

    /// Takes part in the store, which begins with the first.
    ///
    /// - Parameter storage: where the window is to be kept; nil: wherever it is.
    static func join(
        maximumBytes: Int, storage: TraceStorage? = nil
    ) throws(FlightRecorderError) -> TraceSession {
        try state.withLock { state throws(FlightRecorderError) in
            state.leaveParentBehind()
            let session: TraceSession
            if let current = state.session {
                session = current
            } else {
                var configuration = state.configuration
                if let storage { configuration.storage = storage }
                session = try TraceSession(configuration, maximumBytes: maximumBytes)
            }
            if let storage, storage != session.storage {
                if state.users == 0 { session.end() }
                throw .storageDiffers(wanted: storage, used: session.storage)
            }
            guard maximumBytes <= session.capacity else {
                if state.users == 0 { session.end() }
                throw .storeTooSmall(wanted: maximumBytes, available: session.capacity)
            }
            state.session = session
            state.users += 1
            return session
        }
    }

    /// Ends with the last that leaves.
    static func leave(_ session: TraceSession) {
        state.withLock { state in
            state.leaveParentBehind()
            guard state.session === session else { return }
            state.users -= 1
            guard state.users == 0 else { return }
            state.session = nil
            session.end()
        }
    }
}

extension TraceStore.Configuration {
    static var minimumBytes: Int { 64 << 10 }

    func check() throws(FlightRecorderError) {
        if let maximumBytes, maximumBytes < Self.minimumBytes {
            throw .configuration(
                field: "maximumBytes", value: "\(maximumBytes)", allowed: "\(Self.minimumBytes) or more")
        }
        guard generationPeriod >= .milliseconds(1), generationPeriod <= .seconds(1 << 30) else {
            throw .configuration(
                field: "generationPeriod", value: "\(generationPeriod)", allowed: "1 millisecond to 2^30 seconds")
        }
        _ = try geometry(maximumBytes: maximumBytes ?? Self.minimumBytes)
    }

    func geometry(maximumBytes: Int) throws(FlightRecorderError) -> ArenaGeometry {
        do throws(ArenaError) {
            return try ArenaGeometry(
                byteCount: max(maximumBytes, Self.minimumBytes), pageByteCount: pageByteCount,
                laneCapacity: maximumThreads)
        } catch {
            throw .arena(error)
        }
    }
}
