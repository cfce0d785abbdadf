public import CPlatform
public import MemoryAccess
internal import Synchronization

/// The lane of the calling thread, in the arena that ``Trace`` records into: taken at the thread's first emit, given back
/// at its exit.
@usableFromInline
package enum ThreadLane {
    @inlinable @inline(__always)
    package static func emit<Encoding: RecordEncoding, Record: EncodedRecord, Change: SpanChange>(
        _ record: Record, id: UInt32, at stamp: @autoclosure () -> Stamp, as encoding: Encoding.Type,
        changing spans: Change.Type
    ) {
        let lane = Lane<NativeMemory>(cplatform_lane())
        if lane.append(record, id: id, at: stamp(), as: Encoding.self, changing: Change.self) { return }
        emitOffPath(record, id: id, at: stamp(), as: Encoding.self, changing: Change.self)
    }

    @inlinable
    @inline(never)
    static func emitOffPath<Encoding: RecordEncoding, Record: EncodedRecord, Change: SpanChange>(
        _ record: Record, id: UInt32, at stamp: Stamp, as encoding: Encoding.Type, changing spans: Change.Type
    ) {
        _ = offPath {
            while hasLane() {
                let lane = Lane<NativeMemory>(cplatform_lane())
                let emitted = lane.appendOffPath(
                    record, id: id, at: stamp, as: Encoding.self, changing: Change.self)
                guard emitted == .retired, moved(from: lane) else { return }
            }
        }
    }

    /// Runs what a signal handler's emit on this thread must not come into: such an emit is refused and counted.
    @inlinable
    static func offPath<Result>(_ body: () -> Result) -> Result? {
        guard !cplatform_is_off_path() else {
            countRefused()
            return nil
        }
        cplatform_set_off_path(true)
        defer { cplatform_set_off_path(false) }
        return body()
    }

    /// Events that no lane could count: emitted by a signal handler while its thread was taking a lane or registering an
    /// event, or by a thread that found no lane.
    static let uncounted = Atomic<UInt64>(0)

    @usableFromInline
    static func countRefused() { uncounted.wrappingAdd(1, ordering: .relaxed) }

    /// Runs `body`, into which no emit of this thread may come: one of a signal handler is refused and counted.
    static func refusing<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let was = cplatform_is_off_path()
        cplatform_set_off_path(true)
        defer { cplatform_set_off_path(was) }
        return try body()
    }

    /// True once this thread has a lane, taken now where it had none. False where nothing is recorded or no lane is left.
    @usableFromInline
    static func hasLane() -> Bool {
        if cplatform_has_lane() { return true }
        guard let lane = newLane() else { return false }
        cplatform_set_lane(lane.address)
        return true
    }

    /// True once this thread has a lane in the arena that is recorded into now. For a caller that is not off the path.
    static func attach() -> Bool {
        offPath {
            hasLane() && (isCurrent || moved(from: Lane<NativeMemory>(cplatform_lane())))
        } ?? false
    }

    /// Whether this thread has a lane, in an arena that still takes events.
    static var isCurrent: Bool {
        guard cplatform_has_lane() else { return false }
        let lane = Lane<NativeMemory>(cplatform_lane())
        return NativeMemory.loadRelaxed(lane.generation) & GenerationWord.retired == 0
    }

    private static func newLane() -> Lane<NativeMemory>? {
        guard let attached = Trace.attachThread() else { return nil }
        if attached == nil { countRefused() }
        attached?.left = nil
        return attached
    }

    /// Takes a lane in the arena that is recorded into now, for one in a retired arena. False where there is none.
    ///
    /// The lane that is left stays this thread's for a second at least: this may be a signal handler inside an emit, which
    /// has looked at that lane already, and will append to it. So a handler may see the recording change as often as it
    /// likes, unless it takes a second over it.
    @usableFromInline
    static func moved(from lane: Lane<NativeMemory>) -> Bool {
        guard let next = newLane() else { return false }
        let now = cplatform_monotonic_nanoseconds()
        next.left = lane.address
        lane.leftAt = now
        cplatform_set_lane(next.address)
        detachLanes(leftBy: next, before: now < patience ? 0 : now - patience)
        return true
    }

    /// Nanoseconds that a lane is kept after it was left.
    private static var patience: UInt64 { 1_000_000_000 }

    /// Gives back the lanes that this thread left before an instant. They are chained, the last one first.
    private static func detachLanes(leftBy lane: Lane<NativeMemory>, before limit: UInt64) {
        var newer = lane
        while let left = newer.left.map(Lane<NativeMemory>.init) {
            if left.leftAt < limit {
                newer.left = left.left
                detach(left)
            } else {
                newer = left
            }
        }
    }

    private static func detach(_ lane: Lane<NativeMemory>) {
        ArenaView<NativeMemory>(mapping: lane.arena).detach(lane)
    }

    /// The thread ends.
    static func leave(_ lane: Lane<NativeMemory>) {
        refusing {
            let view = ArenaView<NativeMemory>(mapping: lane.arena)
            ThreadNames.shared.note(
                lane: view.number(of: lane), thread: cplatform_thread_id(), taken: lane.name, asks: true)
            detachLanes(leftBy: lane, before: .max)
            detach(lane)
            Trace.releaseArenas()
        }
    }
}
