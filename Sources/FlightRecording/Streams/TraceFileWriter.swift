internal import Synchronization
internal import TraceCore

/// Writes the trace into files as it comes, beside whatever else records: a subscriber with a thread of its own.
///
///     let writer = TraceFileWriter(configuration: .init(directory: "/var/log/service"))
///     try writer.start()
///
/// Each file is whole by itself (docs/FORMAT.md): it has the schemas, strings and threads that its records refer to, and its
/// generations are whole. A file has its name, the time at which it begins, once it is finished; until then it is there under
/// ``Statistics/currentPath``, and readable up to its last end of a generation. What a process leaves when it crashes has its name
/// from the next start on.
///
/// What the disk is too slow for is lost by generations, and stands in the file as gaps of its lanes.
///
/// Any thread may call all of it.
public final class TraceFileWriter: Sendable {
    public struct Configuration: Sendable, Hashable {
        /// Where the files are. It has to be there.
        public var directory: String
        /// What their names begin with; the time in UTC and ".frec" follow. Files of that name from earlier runs count as this
        /// writer's own.
        public var prefix = "trace"
        /// What is written. Where that is not everything, what is left out has no index, and lanes are marked truncated.
        public var filter = TraceFilter.everything
        /// A file is finished with the generation that makes it so long: it is longer by at most that.
        public var maximumFileBytes = 64 << 20
        /// A file is finished with the generation that ends so long after its begin. Nil: never.
        public var maximumFileAge: Duration?
        /// How many finished files are kept, at least 1. With one more, the oldest is deleted.
        public var maximumFiles = 8
        /// How many bytes finished files have together; the newest is kept anyway. Nil: no limit.
        public var maximumTotalBytes: Int?
        /// Whether a finished file is to outlive a crash of the system.
        public var synchronized = false
        public var stream = TraceStream.Configuration()

        public init(directory: String, prefix: String = "trace", filter: TraceFilter = .everything) {
            self.directory = directory
            self.prefix = prefix
            self.filter = filter
        }
    }

    public struct Statistics: Sendable, Hashable {
        public var finishedFiles = 0
        /// Of the oldest files, for the limits.
        public var deletedFiles = 0
        /// Files that an earlier process left when it ended, in the middle of writing: they have got their names, and are among
        /// those that are kept.
        public var leftoverFiles = 0
        /// Files that were given up, and what they held with them, because the system did not take all.
        public var failedFiles = 0
        /// Generations that were written, those of files that were given up included.
        public var generations: UInt64 = 0
        /// Events that were written, those of files that were given up included.
        public var events: UInt64 = 0
        /// Bytes of finished files.
        public var bytes: UInt64 = 0
        /// What is being written, if anything is.
        public var currentPath: String?
        public var lastFailure: String?
        public var stream = TraceStream.Statistics()

        public init() {}
    }

    public let configuration: Configuration
    private let stream: TraceStream
    private let statisticsOfFiles = Lock(Statistics())
    private let thread = Lock<BackgroundThread?>(nil)

    public init(configuration: Configuration) {
        self.configuration = configuration
        stream = TraceStream(configuration: configuration.stream)
    }

    deinit { stop() }

    /// Begins to write, from a new generation on.
    ///
    /// - Throws: ``FlightRecorderError``, as ``TraceStream/start()`` does, and for limits that leave nothing.
    public func start() throws(FlightRecorderError) {
        guard configuration.maximumFiles >= 1 else {
            throw .configuration(field: "maximumFiles", value: "\(configuration.maximumFiles)", allowed: "1 or more")
        }
        guard !configuration.prefix.contains("/") else {
            throw .configuration(field: "prefix", value: configuration.prefix, allowed: "no slash")
        }
        try thread.withLock { thread throws(FlightRecorderError) in
            // Throws where it is started; in a forked child, where the parent's thread is not.
            try stream.start()
            do throws(FlightRecorderError) {
                thread = try BackgroundThread(name: "trace-files") { [configuration, stream, statisticsOfFiles] in
                    var series = TraceFileSeries(configuration, stream, statisticsOfFiles)
                    while let generation = stream.next() { series.write(generation) }
                    series.finish()
                }
            } catch {
                stream.stop()
                throw error
            }
        }
    }

    /// Writes what happened before the call, and finishes the file. Does nothing where it is not started.
    public func stop() {
        // In a forked child the thread is not there, and the file the parent's.
        guard stream.isStarted else { return }
        thread.withLock { thread in
            stream.stop()
            thread?.join()
            thread = nil
        }
    }

    public var statistics: Statistics {
        var statistics = statisticsOfFiles.withLock { $0 }
        statistics.stream = stream.statistics
        return statistics
    }
}
