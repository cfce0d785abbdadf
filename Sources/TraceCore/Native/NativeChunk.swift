/// What stands between the header of a native file and its end.
public enum NativeChunk: Sendable, Hashable {
    /// In addition to those of earlier chunks.
    case schemas([EventSchema])
    /// In addition to those of earlier chunks.
    case strings([NativeString])
    case threads([NativeThread])
    case clockPair(ClockPair)
    case batch(NativeBatch)
    /// The batches since the previous one belong to this generation.
    case endOfGeneration(NativeGenerationEnd)
    /// In addition to those of earlier chunks of this generation. Since version 1.1.
    case openSpans([OpenSpan])
    /// What the file says of itself. Since version 1.1.
    case snapshot(NativeSnapshot)
    /// The last chunk of a file that is whole.
    case end(NativeTotals)
}

/// The numbers by which chunks are told apart in a file. 0 is none.
enum NativeChunkKind: UInt32 {
    case schemas = 1
    case strings, threads, clockPair, batch, endOfGeneration, end, openSpans, snapshot

    /// The kind and the count of bytes that each chunk begins with.
    static var headByteCount: Int { 8 }
}

/// An entry of the static string table.
public struct NativeString: Sendable, Hashable {
    /// As it stands in records.
    public var number: UInt32
    public var text: String

    public init(number: UInt32, text: String) {
        self.number = number
        self.text = text
    }
}

/// A thread that wrote through a lane. A lane is used again after its thread's exit, so that it may have several.
public struct NativeThread: Sendable, Hashable {
    public var lane: UInt32
    /// The system's id of the thread.
    public var thread: UInt32
    public var name: String

    public init(lane: UInt32, thread: UInt32, name: String) {
        self.lane = lane
        self.thread = thread
        self.name = name
    }
}

/// A batch of a file: its header, and where its records lie. The bytes stay where they are.
public struct NativeBatch: Sendable, Hashable {
    public var header: BatchHeader
    /// Of the first record, in the bytes that the reader was given.
    public var offset: Int
    /// Of the records.
    public var byteCount: Int

    /// Where the records lie.
    public var range: Range<Int> { offset..<offset + byteCount }
}

/// What closes a generation, and says how much of it there is.
public struct NativeGenerationEnd: Sendable, Hashable {
    public var generation: UInt64
    /// Taken when the generation ended.
    public var clockPair: ClockPair
    public var lanes: [Lane]

    public init(generation: UInt64, clockPair: ClockPair, lanes: [Lane] = []) {
        self.generation = generation
        self.clockPair = clockPair
        self.lanes = lanes
    }

    /// What is there of one lane, and what is not.
    public struct Lane: Sendable, Hashable {
        public var lane: UInt32
        /// More was left out than the gaps tell.
        public var isTruncated: Bool
        /// Events in the batches of this generation, without lost ones.
        public var events: UInt64
        public var gaps: [Gap]

        public init(lane: UInt32, events: UInt64, gaps: [Gap] = [], isTruncated: Bool = false) {
            self.lane = lane
            self.isTruncated = isTruncated
            self.events = events
            self.gaps = gaps
        }

        /// Events that the gaps tell of.
        package var lost: UInt64 { gaps.reduce(0) { $0 &+ $1.count } }
    }

    /// Events that the lanes' gaps tell of.
    package var lost: UInt64 { lanes.reduce(0) { $0 &+ $1.lost } }

    /// Events that were lost one after the other.
    public struct Gap: Sendable, Hashable {
        /// The lane's index of the first of them.
        public var firstIndex: UInt64
        public var count: UInt64

        public init(firstIndex: UInt64, count: UInt64) {
            self.firstIndex = firstIndex
            self.count = count
        }
    }
}

/// How much a file holds: the sums of what its ends of generations state. They wrap.
public struct NativeTotals: Sendable, Hashable {
    public var batches: UInt64 = 0
    /// Without lost ones.
    public var events: UInt64 = 0
    public var lost: UInt64 = 0

    public init(batches: UInt64 = 0, events: UInt64 = 0, lost: UInt64 = 0) {
        self.batches = batches
        self.events = events
        self.lost = lost
    }

    /// Bytes of the end marker in a file.
    package static var chunkByteCount: UInt64 { 32 }

    mutating func add(_ end: NativeGenerationEnd) {
        for lane in end.lanes {
            events &+= lane.events
            for gap in lane.gaps { lost &+= gap.count }
        }
    }
}
