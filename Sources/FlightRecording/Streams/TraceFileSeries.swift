internal import TraceCore

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

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
        let opened = try TraceFile(path: configuration.directory + "/" + name, clock, begin: generation.begin)
        statistics.withLock { [path = opened.temporaryPath] in $0.currentPath = path }
        file = consume opened
    }

    private mutating func close() throws {
        guard let file = file.take() else { return }
        statistics.withLock { $0.currentPath = nil }
        let bytes = try file.finish(synchronized: configuration.synchronized)
        let deleted = TraceFileDirectory(configuration).deleteOldest()
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

/// The files that a writer has finished, in this process or another.
struct TraceFileDirectory {
    private let configuration: TraceFileWriter.Configuration

    init(_ configuration: TraceFileWriter.Configuration) { self.configuration = configuration }

    /// Deletes the oldest files that are too many; returns how many. One that cannot be deleted stays.
    func deleteOldest() -> Int {
        var names = finished()
        var total = names.reduce(0) { $0 + byteCount($1) }
        var deleted = 0
        while names.count > 1,
            names.count > configuration.maximumFiles || total > configuration.maximumTotalBytes ?? .max
        {
            let name = names.removeFirst()
            total -= byteCount(name)
            if unlink(path(name)) == 0 { deleted += 1 }
        }
        return deleted
    }

    /// Names ascend with time.
    private func finished() -> [String] {
        guard let directory = opendir(configuration.directory) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if TraceFileName.isOne(name, prefix: configuration.prefix) { names.append(name) }
        }
        return names.sorted()
    }

    private func path(_ name: String) -> String { configuration.directory + "/" + name }

    private func byteCount(_ name: String) -> Int {
        var status = stat()
        return stat(path(name), &status) == 0 ? Int(status.st_size) : 0
    }
}
