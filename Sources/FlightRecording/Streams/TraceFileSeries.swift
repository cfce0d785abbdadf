internal import TraceCore

/// The files of a writer, one after the other. One thread's.
struct TraceFileSeries: ~Copyable {
    private let configuration: TraceFileWriter.Configuration
    private let stream: TraceStream
    private let statistics: Lock<TraceFileWriter.Statistics>
    private var passes: TraceFilterTable
    private var file: TraceFile?
    private var lastName = ""

    init(
        _ configuration: TraceFileWriter.Configuration, _ stream: TraceStream,
        _ statistics: Lock<TraceFileWriter.Statistics>
    ) {
        self.configuration = configuration
        self.stream = stream
        self.statistics = statistics
        passes = TraceFilterTable(configuration.filter)
        let kept = configuration.files.keepLeftovers()
        statistics.withLock { $0.leftoverFiles += kept }
    }

    /// A failure gives up the file, not the series.
    mutating func write(_ generation: TraceGeneration) {
        do {
            if file == nil {
                // A quiet program writes no files.
                guard generation.events > 0 || generation.lostBefore != nil else { return }
                try open(generation)
            }
            let schemas = Trace.schemas
            passes.update(schemas)
            let events = try file!.write(generation, schemas, configuration.filter.letsEverythingThrough ? nil : passes)
            statistics.withLock {
                $0.generations += 1
                $0.events += events
            }
            if file!.isFull(configuration, at: generation) { try close() }
        } catch {
            giveUp(error)
        }
    }

    mutating func finish() {
        do { try close() } catch { giveUp(error) }
    }

    private mutating func open(_ generation: TraceGeneration) throws {
        guard let clock = stream.clock else { preconditionFailure("a generation of a stream that was never started") }
        // Ascending also where the wall clock goes back.
        var name = TraceFileName(configuration.prefix, wall: generation.begin.wall).text
        while name <= lastName { name = TraceFileName(after: lastName).text }
        lastName = name
        let opened = try TraceFile(configuration.files.create(name), clock, begin: generation.begin)
        statistics.withLock { [path = opened.temporaryPath] in $0.currentPath = path }
        file = consume opened
    }

    private mutating func close() throws {
        guard let file = file.take() else { return }
        statistics.withLock { $0.currentPath = nil }
        let bytes = try file.finish(synchronized: configuration.synchronized)
        let deleted = configuration.files.deleteOldest(newest: lastName)
        statistics.withLock {
            $0.finishedFiles += 1
            $0.bytes += bytes
            $0.deletedFiles += deleted
        }
    }

    private mutating func giveUp(_ error: any Error) {
        file = nil
        statistics.withLock {
            $0.currentPath = nil
            $0.failedFiles += 1
            $0.lastFailure = "\(error)"
        }
    }
}

extension TraceFileWriter.Configuration {
    /// The files of writers of this configuration, in this process or another.
    fileprivate var files: TraceFileDirectory {
        TraceFileDirectory(
            path: directory, prefix: prefix, maximumFiles: maximumFiles, maximumBytes: maximumTotalBytes ?? .max)
    }
}
