internal import TraceCore

/// Where the window of the process's trace is kept.
public enum TraceStorage: Sendable, Hashable {
    /// In memory: it ends with the process.
    case memory
    /// In a new file at a path, for its owner only: what was emitted outlives a crash of the process, kill -9 included, and
    /// `flightrec recover` makes a snapshot of it. An emit costs the same; the space is taken at the start, of 1 MiB more than
    /// the store has.
    ///
    /// It does not outlive a crash of the system. So the best place is memory: a tmpfs such as /dev/shm. On a disk the system writes
    /// changed pages back all the time, and a store to a page that is just being written may wait.
    ///
    /// - Parameters:
    ///   - keepsFile: whether the file stays after the last recorder has stopped. As a rule it is removed.
    ///   - leftover: what becomes of a file that is there already.
    case file(String, keepsFile: Bool = false, leftover: Leftover = .refused)

    /// What becomes of a file that an earlier process left.
    public enum Leftover: Sendable, Hashable {
        /// A recorder that would replace it does not start: ``FlightRecorderError/arena(_:)``.
        case refused
        /// It is moved to another path first, unless a process that lives records into it, or there is something at that path.
        case moved(to: String)
    }
}

extension TraceStorage: CustomStringConvertible {
    public var description: String {
        switch self {
        case .memory: "memory"
        case .file(let path, _, _): path
        }
    }

    func arena(_ geometry: ArenaGeometry) throws(ArenaError) -> Arena {
        switch self {
        case .memory: return try Arena(geometry)
        case .file(let path, _, let leftover):
            if case .moved(let other) = leftover { try Arena.moveLeftover(at: path, to: other) }
            return try Arena(geometry, newFile: path)
        }
    }
}
