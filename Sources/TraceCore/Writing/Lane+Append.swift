public import MemoryAccess

// The hot path: what an event costs. A leaf in its caller, four stores, one way out.
//
//     load pos, entry, limit, generation, tag      anything unusual?  -> off the path
//     of a span: load depth, the innermost's id    anything unusual?  -> off the path
//     read the cycle counter, subtract clock       too far apart?     -> off the path
//     store entry = pos                            from here on a signal handler's emit is refused
//     load pos again                               moved?             -> off the path
//     store clock and the record; of a span, its entry and the depth
//     store pos (release)                          publishes the record, and ends the emit: entry no longer equals pos
//
// A signal handler's emit that comes while `entry` equals `pos` is inside an emit of its own thread, and refuses. One that
// comes before that moves `pos`, and is seen by the second load, when nothing has been written yet. So nothing is torn, and
// an emit needs no flag that it would have to take back.
//
// What is counted here is operations of the integer units: about twenty hide behind the reading of the clock.

extension Lane {
    /// Bytes at the end of a page where no short record begins: room for one (30), what may have to precede it (a generation's
    /// record, 20, and two times three syncs, 18), and stores past its end (7).
    @inlinable static var slack: Int { 80 }

    /// Appends an event if nothing stands in its way: no room, another generation, no lane, a time before the last record's
    /// or long after it, an emit of this thread under way. The lane's thread.
    ///
    /// - Returns: false where something does. Nothing has changed then.
    @inlinable @inline(__always)
    package func append<Encoding: RecordEncoding, Record: EncodedRecord>(
        _ record: Record, id: UInt32, at stamp: @autoclosure () -> Stamp, as encoding: Encoding.Type
    ) -> Bool {
        append(record, id: id, at: stamp(), as: Encoding.self, changing: NoSpanChange.self)
    }

    /// The same for the begin or end of a span, which changes the stack of open spans with it.
    @inlinable @inline(__always)
    package func append<Encoding: RecordEncoding, Record: EncodedRecord, Change: SpanChange>(
        _ record: Record, id: UInt32, at stamp: @autoclosure () -> Stamp, as encoding: Encoding.Type,
        changing spans: Change.Type
    ) -> Bool {
        let position = Memory.loadOwn(pos)
        let offset = position & 0xFFFF
        guard position != Memory.loadOwn(entry),
            offset &+ UInt64(truncatingIfNeeded: record.excess) < limit,
            Memory.loadRelaxed(generation) == Memory.loadOwn(tag),
            let depth = Change.usualDepth(of: self, id: id)
        else { return false }
        let units = stamp().units
        let delta = units &- Memory.loadOwn(clock)
        guard delta <= Encoding.maximumDelta, enter(at: position) else { return false }
        Memory.storeRelaxed(units, to: clock)
        store(record, id: id, delta: delta, at: Int(offset), as: Encoding.self)
        Change.apply(to: self, at: depth, id: id, units: units)
        publish(after: position, byteCount: record.byteCount)
        return true
    }

    /// Marks an emit as under way. False where a signal handler has emitted since `position` was loaded.
    @inlinable @inline(__always)
    func enter(at position: UInt64) -> Bool {
        Memory.storeRelaxed(position, to: entry)
        Memory.signalFence()
        return Memory.loadOwn(pos) == position
    }

    @inlinable @inline(__always)
    func store<Encoding: RecordEncoding>(
        _ record: some EncodedRecord, id: UInt32, delta: UInt64, at offset: Int, as encoding: Encoding.Type
    ) {
        let address = page + offset
        Memory.willWrite(address, byteCount: record.byteCount)
        record.store(id: id, delta: delta, to: address)
    }

    /// Publishes one event that ends `byteCount` bytes behind `position`.
    @inlinable @inline(__always)
    func publish(after position: UInt64, byteCount: Int) {
        // Pairs with the acquire of a reader (invariant 1). Orders the record's stores for a signal handler, too.
        Memory.storeRelease(position &+ (0x1_0000 &+ UInt64(truncatingIfNeeded: byteCount)), to: pos)
    }
}
