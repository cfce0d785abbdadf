internal import CPlatform
public import MemoryAccess

/// A writer with a lane of its own, for whoever does not emit through ``Trace``: one thread at a time holds it.
@frozen
public struct LaneWriter<Memory: MemoryModel, Encoding: RecordEncoding>: ~Copyable, @unchecked Sendable {
    @usableFromInline package let lane: Lane<Memory>
    /// Keeps the lane's memory.
    @usableFromInline let arena: GenericArena<Memory>

    @usableFromInline
    init(_ lane: Lane<Memory>, of arena: GenericArena<Memory>) {
        self.lane = lane
        self.arena = arena
    }

    deinit { arena.detach(lane) }

    /// Appends an event, now.
    ///
    /// - Parameter id: of its schema; at most ``RecordEncoding/maximumID``.
    /// - Returns: false where the event was counted as lost or refused.
    @inlinable
    @inline(__always)
    @discardableResult
    public borrowing func emit(_ record: some EncodedRecord, id: UInt32) -> Bool {
        emit(record, id: id, reading: .now)
    }

    /// The same, at a stamp that was taken before.
    @inlinable
    @inline(__always)
    @discardableResult
    public borrowing func emit(_ record: some EncodedRecord, id: UInt32, at stamp: Stamp) -> Bool {
        emit(record, id: id, reading: stamp)
    }

    @inlinable
    @inline(__always)
    borrowing func emit(
        _ record: some EncodedRecord, id: UInt32, reading stamp: @autoclosure () -> Stamp
    ) -> Bool {
        lane.append(record, id: id, at: stamp(), as: Encoding.self)
            || lane.appendOffPath(record, id: id, at: stamp(), as: Encoding.self) == .done
    }
}

extension GenericArena {
    /// A writer with a lane of its own.
    ///
    /// - Throws: ``ArenaError/lanes(capacity:)`` where all lanes are taken, ``ArenaError/forked`` in a forked child.
    public func makeWriter<Encoding: RecordEncoding>(
        as encoding: Encoding.Type
    ) throws(ArenaError) -> LaneWriter<Memory, Encoding> {
        LaneWriter(try attach(thread: cplatform_thread_id(), isWriter: true), of: self)
    }

    package func attach(thread: UInt32, isWriter: Bool = false) throws(ArenaError) -> Lane<Memory> {
        guard isMapped else { throw .forked }
        guard let lane = view.attach(thread: thread, isWriter: isWriter) else {
            throw .lanes(capacity: geometry.laneCapacity)
        }
        return lane
    }

    @usableFromInline
    package func detach(_ lane: Lane<Memory>) {
        if isMapped { view.detach(lane) }
    }
}
