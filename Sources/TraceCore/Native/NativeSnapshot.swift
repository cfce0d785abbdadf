/// What a snapshot says of itself: what it covers, what bounded it, who took it and why, and what that cost.
public struct NativeSnapshot: Sendable, Hashable {
    /// What the window begins with.
    public enum Bound: UInt8, Sendable, Hashable, CaseIterable {
        /// The recorder's start: nothing was cut off.
        case start = 1
        /// All that is older than the recorder's minimum age was left out, at the end of a generation.
        case minimumAge
        /// What did not fit the recorder's maximum of bytes was left out, page by page.
        case maximumBytes
        /// What is older was overwritten: the store holds no more.
        case store
    }

    /// In units: from here on nothing is missing but the stated gaps.
    public var from: UInt64
    /// In units: when the last generation ended.
    public var to: UInt64
    public var bound: Bound
    /// The system's id of the process.
    public var process: UInt32
    /// What the recorder was asked to hold: nanoseconds and bytes.
    public var minimumAge: UInt64
    public var maximumBytes: UInt64
    /// All memory of events in the process.
    public var storeBytes: UInt64
    /// Generations that the process ended so far, and nanoseconds spent on that.
    public var generations: UInt64
    public var generationCost: UInt64
    /// Snapshots that the process had finished before this one, and nanoseconds spent on them.
    public var snapshots: UInt64
    public var snapshotCost: UInt64
    /// Events that no lane could count, and open spans across threads that found no place in the list.
    public var uncountedEvents: UInt64
    public var unlistedSpans: UInt64
    public var processName: String
    /// Why it was taken; empty where nobody said.
    public var reason: String

    public init(
        from: UInt64, to: UInt64, bound: Bound, process: UInt32 = 0, minimumAge: UInt64 = 0, maximumBytes: UInt64 = 0,
        storeBytes: UInt64 = 0, generations: UInt64 = 0, generationCost: UInt64 = 0, snapshots: UInt64 = 0,
        snapshotCost: UInt64 = 0, uncountedEvents: UInt64 = 0, unlistedSpans: UInt64 = 0, processName: String = "",
        reason: String = ""
    ) {
        self.from = from
        self.to = to
        self.bound = bound
        self.process = process
        self.minimumAge = minimumAge
        self.maximumBytes = maximumBytes
        self.storeBytes = storeBytes
        self.generations = generations
        self.generationCost = generationCost
        self.snapshots = snapshots
        self.snapshotCost = snapshotCost
        self.uncountedEvents = uncountedEvents
        self.unlistedSpans = unlistedSpans
        self.processName = processName
        self.reason = reason
    }

    /// Bytes of the chunk in a file.
    package var chunkByteCount: UInt64 {
        var chunk = ChunkBuffer()
        chunk.begin()
        append(to: &chunk)
        chunk.end(.snapshot)
        return UInt64(chunk.bytes.count)
    }

    func append(to chunk: inout ChunkBuffer) {
        chunk.append(from)
        chunk.append(to)
        chunk.append(UInt32(bound.rawValue))
        chunk.append(process)
        for number in [
            minimumAge, maximumBytes, storeBytes, generations, generationCost, snapshots, snapshotCost, uncountedEvents,
            unlistedSpans,
        ] { chunk.append(number) }
        chunk.append(processName)
        chunk.append(reason)
    }

    static func read(_ cursor: inout FieldCursor, in bytes: RawSpan) throws(NativeFileError) -> NativeSnapshot {
        let from = try cursor.number(.snapshot, in: bytes, as: UInt64.self)
        let to = try cursor.number(.snapshot, in: bytes, as: UInt64.self)
        let offset = cursor.position
        let rawBound = try cursor.number(.bound, in: bytes, as: UInt32.self)
        guard let bound = UInt8(exactly: rawBound).flatMap(Bound.init) else {
            throw NativeFileError(.invalid(.bound, UInt64(rawBound)), at: offset)
        }
        var snapshot = NativeSnapshot(from: from, to: to, bound: bound)
        snapshot.process = try cursor.number(.snapshot, in: bytes)
        for field in [
            \.minimumAge, \.maximumBytes, \.storeBytes, \.generations, \.generationCost, \.snapshots, \.snapshotCost,
            \.uncountedEvents, \.unlistedSpans,
        ] as [WritableKeyPath<NativeSnapshot, UInt64>] {
            snapshot[keyPath: field] = try cursor.number(.snapshot, in: bytes)
        }
        snapshot.processName = try cursor.text(.processName, in: bytes)
        snapshot.reason = try cursor.text(.reason, in: bytes)
        return snapshot
    }
}
