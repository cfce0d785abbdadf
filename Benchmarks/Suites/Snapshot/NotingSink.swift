import TraceCore

/// Forgets all bytes, as a `DiscardingSink` does, but for where each batch lies in its lane: so that a snapshot that was
/// timed can be checked. That takes some nanoseconds a page of what is timed.
struct NotingSink: ByteSink {
    private(set) var batches: [NotedBatch] = []
    private(set) var byteCount: UInt64 = 0

    /// - Parameter capacity: batches that are noted without an allocation.
    init(capacity: Int) { batches.reserveCapacity(capacity) }

    mutating func write(_ bytes: UnsafeRawBufferPointer) { byteCount &+= UInt64(bytes.count) }

    mutating func write(gathering runs: UnsafeBufferPointer<UnsafeRawBufferPointer>) {
        for run in runs {
            byteCount &+= UInt64(run.count)
            // A batch's head: eight bytes of chunk, then its header.
            guard run.count == 8 + BatchHeader.byteCount, let header = BatchHeader(run.bytes, at: 8) else { continue }
            batches.append(NotedBatch(header))
        }
    }
}

/// Where a batch lies in its lane.
struct NotedBatch {
    let lane: UInt32
    let byteCount: UInt32
    let base: UInt64
    let end: UInt64

    init(_ header: BatchHeader) {
        lane = header.lane
        byteCount = header.byteCount
        base = header.baseIndex
        end = header.endIndex
    }
}
