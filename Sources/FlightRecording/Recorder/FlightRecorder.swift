public import TraceCore

/// Keeps the last seconds of the process's trace, and writes them out when asked.
///
///     let recorder = FlightRecorder(configuration: .init(minimumAge: .seconds(10), maximumBytes: 64 << 20))
///     try recorder.start()
///     ...                                     // any threads emit events
///     try recorder.snapshot(to: "slow-request.frec")
///
/// A recorder is a view of the ``TraceStore``, and costs the writers nothing: several may record, each with its own age and
/// size. Its window begins where the older of its bounds cuts it: it holds the last `minimumAge`, by whole generations, or as
/// much of that as `maximumBytes` allow, by whole pages; and always the last complete generation. ``SnapshotReport``
/// tells which it was. The window never reaches back before ``start()``.
///
/// Any thread may call all of it, several at a time.
public final class FlightRecorder: Sendable {
    public struct Configuration: Sendable, Hashable {
        /// What the window holds at least, if `maximumBytes` allow. Older generations are left out of snapshots.
        public var minimumAge: Duration
        /// The bound of the window. The recorder that starts first sizes the store by it, in memory that is taken at once.
        public var maximumBytes: Int
        /// Where the window is kept: the first recorder's choice, for all of them. Nil: wherever the store is.
        public var storage: TraceStorage?

        public init(
            minimumAge: Duration = .seconds(10), maximumBytes: Int = 64 << 20, storage: TraceStorage? = nil
        ) {
            self.minimumAge = minimumAge
            self.maximumBytes = maximumBytes
            self.storage = storage
        }
    }

    public let configuration: Configuration
    private let state = Lock<Recording?>(nil)
    private let paths = PathQueue()

    private struct Recording {
        let session: TraceSession
        let start: GenerationBoundary
    }

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    deinit { stop() }

    /// Whether it records.
    public var isRecording: Bool { state.withLock { $0?.session.isForked == false } }

    /// Begins to record, at the boundary of two generations. The first of all recorders and streams takes the memory.
    ///
    /// - Throws: ``FlightRecorderError/alreadyStarted``; ``FlightRecorderError/storeTooSmall(wanted:available:)`` where another
    ///   one has sized the store; ``FlightRecorderError/storageDiffers(wanted:used:)`` where another one keeps it elsewhere;
    ///   ``FlightRecorderError/configuration(field:value:allowed:)``;
    ///   ``FlightRecorderError/arena(_:)`` where the memory cannot be had.
    public func start() throws(FlightRecorderError) {
        guard configuration.minimumAge >= .zero else {
            throw .configuration(field: "minimumAge", value: "\(configuration.minimumAge)", allowed: "0 or more")
        }
        guard configuration.maximumBytes > 0 else {
            throw .configuration(field: "maximumBytes", value: "\(configuration.maximumBytes)", allowed: "1 or more")
        }
        try state.withLock { recording throws(FlightRecorderError) in
            if let recording, !recording.session.isForked { throw .alreadyStarted }
            let session = try TraceStore.join(
                maximumBytes: configuration.maximumBytes, storage: configuration.storage)
            do throws(FlightRecorderError) {
                recording = Recording(session: session, start: try session.closeGeneration())
            } catch {
                TraceStore.leave(session)
                throw error
            }
            // A quarter: so that the window is at most a quarter older than asked for, or a tenth of a second.
            session.want(period: max(configuration.minimumAge.nanoseconds / 4, 100_000_000), for: self)
        }
    }

    /// Ends the recording. Does nothing where there is none. Snapshots that have begun come to their end.
    public func stop() {
        let session = state.withLock { recording in
            defer { recording = nil }
            // Under the lock: a start that follows at once asks for a period of its own.
            recording?.session.want(period: nil, for: self)
            return recording?.session
        }
        if let session { TraceStore.leave(session) }
    }

    /// Writes the window to a file, which has its name once it is whole and on the disk: until then, and after an error,
    /// what stood at `path` still does.
    ///
    /// Calls for one path are served one after the other; one that has to wait shares its file with all that come while it
    /// waits. Calls for different paths run side by side.
    ///
    /// - Parameters:
    ///   - reason: is kept in the file.
    ///   - synchronized: whether to wait until the file would outlive a crash of the system: milliseconds.
    /// - Throws: ``FlightRecorderError/notRecording``, `FileError`.
    @discardableResult
    public func snapshot(
        to path: String, reason: String = "", synchronized: Bool = true
    ) throws -> SnapshotReport {
        try snapshot(to: path, reason, synchronized) { try PartialFile(path: path) }
    }

    /// The same with a temporary file that the caller names.
    func snapshot(
        to path: String, _ reason: String, _ synchronized: Bool, in create: () throws -> PartialFile
    ) throws -> SnapshotReport {
        try paths.run(path) {
            let snapshot = try begin(reason)
            var file = try create()
            let report = try snapshot.write(to: &file)
            try file.commit(synchronized: synchronized)
            return report
        }
    }

    /// Writes the window to a file descriptor, which stays open: a file, a pipe, a socket. It has to block, and a pipe or socket
    /// that nobody reads any more raises SIGPIPE, unless the process ignores that.
    ///
    /// - Throws: ``FlightRecorderError/notRecording``, `FileError`: then a part may have been written.
    @discardableResult
    public func snapshot(toDescriptor descriptor: Int32, reason: String = "") throws -> SnapshotReport {
        var sink = FileDescriptorSink(descriptor)
        return try snapshot(to: &sink, reason: reason)
    }

    /// Writes the window to a sink. A slow one costs the writers nothing: the window loses what they overwrite meanwhile.
    ///
    /// - Throws: ``FlightRecorderError/notRecording``, what the sink throws.
    @discardableResult
    public func snapshot(
        to sink: inout some ByteSink & ~Copyable, reason: String = ""
    ) throws -> SnapshotReport {
        try begin(reason).write(to: &sink)
    }

    /// Calls `body` with the window, to be read in place.
    ///
    /// - Throws: ``FlightRecorderError/notRecording``, what `body` throws.
    public func withSnapshot<Result>(_ body: (borrowing Snapshot) throws -> Result) throws -> Result {
        try body(Snapshot(begin("")))
    }

    private func begin(_ reason: String) throws(FlightRecorderError) -> SnapshotWriter {
        guard let recording = state.withLock({ $0 }) else { throw .notRecording }
        return try SnapshotWriter(of: recording.session, since: recording.start, configuration, reason: reason)
    }
}
