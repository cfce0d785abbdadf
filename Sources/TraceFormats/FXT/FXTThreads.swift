/// How events name the threads of a timeline.
///
/// Perfetto keeps 32 bits of a thread's id, and what has one id is one track there. The system gives an id again after a
/// thread's exit, while the spans of both may be open until the window's end: so a thread whose id another one has, or that
/// has none, gets one that no system gives.
struct FXTThreads {
    let process: UInt64
    /// By place in the timeline's threads.
    let ids: [UInt64]

    /// References take 8 bits, and 0 means that process and thread stand in the record.
    static var tableLimit: Int { 255 }

    init(_ context: TimelineContext) {
        process = UInt64(max(1, context.processID))
        var taken: Set<UInt64> = [0]
        var next: UInt64 = 0x8000_0000
        ids = context.threads.map { thread in
            if taken.insert(UInt64(thread.id)).inserted { return UInt64(thread.id) }
            while !taken.insert(next).inserted { next += 1 }
            return next
        }
    }

    /// The reference of the thread at `place`, or 0.
    static func reference(_ place: Int) -> UInt64 { place < tableLimit ? UInt64(place + 1) : 0 }
}
