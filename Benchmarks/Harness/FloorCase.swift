/// What the machine allows. Each is a case of the suite "floor", which is part of every run.
public enum FloorCase: String, Sendable, CaseIterable {
    case emptyLoop = "empty-loop"
    /// One reading of the cycle counter.
    case clockRead = "clock-read"
    /// A 16-byte store into a ring that fits the second-level cache, then the release store of its index.
    case store16 = "store16"
    /// One cache line to the other core and back.
    case pingPong = "pingpong"
    /// The same with a line for each direction: what a ring for each direction has to move.
    case pingPongPerDirection = "pingpong.per-direction"
    /// 64 KiB blocks from core to core through a ring of 512 KiB, every word read.
    case stream = "stream"
    /// A plain copy by one thread, too large for the caches.
    case copy = "copy"
}
