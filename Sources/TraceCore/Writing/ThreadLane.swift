public import CPlatform
public import MemoryAccess
internal import Synchronization

/// The lane of the calling thread, in the arena that ``Trace`` records into: taken at the thread's first emit, given back
/// at its exit.
@usableFromInline
package enum ThreadLane {
    @inlinable @inline(__always)
    package static func emit<Encoding: RecordEncoding, Record: EncodedRecord>(
        _ record: Record, id: UInt32, at stamp: @autoclosure () -> Stamp, as encoding: Encoding.Type
    ) {
        let lane = Lane<NativeMemory>(cplatform_lane())
        if lane.append(record, id: id, at: stamp(), as: Encoding.self) { return }
        emitOffPath(record, id: id, at: stamp(), as: Encoding.self)
    }

    @inlinable
    @inline(never)
    static func emitOffPath<Encoding: RecordEncoding, Record: EncodedRecord>(
        _ record: Record, id: UInt32, at stamp: Stamp, as encoding: Encoding.Type
    ) {
        _ = offPath {
            while hasLane() {
                let lane = Lane<NativeMemory>(cplatform_lane())
                guard lane.appendOffPath(record, id: id, at: stamp, as: Encoding.self) == .retired else { return }
                leave()
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

    /// True once this thread has a lane, taken now where it had none. False where nothing is recorded or no lane is left.
    @usableFromInline
    static func hasLane() -> Bool {
        if cplatform_has_lane() { return true }
        guard let arena = Trace.arena else { return false }
        guard let lane = try? arena.attach(thread: cplatform_thread_id()) else {
            countRefused()
            return false
        }
        // The lane keeps its arena until it is left.
        lane.object = Unmanaged.passRetained(arena).toOpaque()
        cplatform_set_lane(lane.address)
        return true
    }

    /// Gives this thread's lane back.
    @usableFromInline
    static func leave() {
        let lane = Lane<NativeMemory>(cplatform_lane())
        cplatform_set_lane(nil)
        leave(lane)
    }

    static func leave(_ lane: Lane<NativeMemory>) {
        let arena = Unmanaged<Arena>.fromOpaque(lane.object)
        arena.takeUnretainedValue().detach(lane)
        arena.release()
    }
}
