public import MemoryAccess

/// What became of an event off the hot path.
@frozen
@usableFromInline
package enum Emitted {
    case done
    /// There is no page to be had: the event is counted as lost.
    case lost
    /// This is a signal handler inside an emit of its own thread: the event is counted as refused.
    case refused
    /// The arena takes no more events.
    case retired
}

// Off the hot path. `preparing` is set all the while, and `limit` is 0, so that a signal handler's emit comes here too, and
// is refused.

extension Lane {
    /// Appends an event whatever stands in its way: takes another page, begins a generation, writes syncs. The lane's thread.
    ///
    /// - Parameter stamp: a time before the last record's counts as that one's.
    /// - Complexity: O(1), plus a claim where a page is needed.
    @inlinable
    package func appendOffPath<Encoding: RecordEncoding, Record: EncodedRecord>(
        _ record: Record, id: UInt32, at stamp: Stamp, as encoding: Encoding.Type
    ) -> Emitted {
        appendOffPath(record, id: id, at: stamp, as: Encoding.self, changing: NoSpanChange.self)
    }

    /// The same for the begin or end of a span. The stack of open spans changes also where the event is lost.
    @inlinable
    @inline(never)
    package func appendOffPath<Encoding: RecordEncoding, Record: EncodedRecord, Change: SpanChange>(
        _ record: Record, id: UInt32, at stamp: Stamp, as encoding: Encoding.Type, changing spans: Change.Type
    ) -> Emitted {
        guard begin() else { return .refused }
        defer { finish() }
        let current = Memory.loadRelaxed(generation)
        guard current & GenerationWord.retired == 0 else { return .retired }
        Change.applyOffPath(to: self, id: id, units: max(stamp.units, Memory.loadRelaxed(clock)))
        guard let offset = makeRoom(record.excess, for: current, as: Encoding.self) else { return .lost }

        let last = Memory.loadRelaxed(clock)
        let units = Int64(bitPattern: stamp.units &- last) < 0 ? last : stamp.units
        let length = storeSync(units &- last, at: offset, as: Encoding.self)
        Memory.storeRelaxed(units, to: clock)
        let delta = (units &- last) & Encoding.maximumDelta
        store(record, id: id, delta: delta, at: offset + length, as: Encoding.self)
        let position = Memory.loadRelaxed(pos)
        let end = offset + length + record.byteCount
        publish(after: position & ~0xFFFF, byteCount: end)
        return .done
    }

    /// False, and the event counted, inside another emit of this thread.
    @inlinable
    func begin() -> Bool {
        guard Memory.loadRelaxed(pos) != Memory.loadRelaxed(entry), Memory.loadRelaxed(preparing) == 0 else {
            _ = Memory.fetchAdd(1, to: refused, order: .relaxed)
            return false
        }
        Memory.storeRelaxed(1, to: preparing)
        limit = 0
        Memory.signalFence()
        return true
    }

    @inlinable
    func finish() {
        Memory.signalFence()
        if Memory.loadRelaxed(holding) != 0 {
            limit = UInt64(ArenaView<Memory>(mapping: arena).geometry.pageByteCount - Self.slack)
        }
        Memory.storeRelaxed(0, to: preparing)
    }

    /// Makes the lane ready for one event of generation `current`.
    ///
    /// - Returns: where in the current page the record goes, or nil where the event was lost and counted.
    @inlinable
    func makeRoom<Encoding: RecordEncoding>(_ excess: Int, for current: UInt64, as encoding: Encoding.Type) -> Int? {
        let arena = ArenaView<Memory>(mapping: self.arena)
        let position = Memory.loadRelaxed(pos)
        let isNew = current != Memory.loadRelaxed(tag)
        if isNew {
            // Pairs with the acquire of a collect (invariant 2); before the `pos` of the first event.
            Memory.storeRelaxed(position, to: mark)
            Memory.storeRelease(current, to: tag)
        }
        let offset = Int(position & 0xFFFF)
        let room = arena.geometry.pageByteCount - Self.slack
        guard Memory.loadRelaxed(holding) != 0, offset + excess < room else {
            release(in: arena)
            countRefused()
            guard BatchHeader.byteCount + excess < room else {
                // No page can hold it.
                count(lost: 1)
                return nil
            }
            return openPage(of: arena, generation: current, as: Encoding.self) ? BatchHeader.byteCount : nil
        }
        return isNew ? offset + storeGeneration(current, at: offset, as: Encoding.self) : offset
    }

    /// Writes a generation record at `offset`; returns its length. It is published with the event behind it.
    @inlinable
    func storeGeneration<Encoding: RecordEncoding>(
        _ generation: UInt64, at offset: Int, as encoding: Encoding.Type
    ) -> Int {
        let last = Memory.loadRelaxed(clock)
        let now = Stamp.now.units
        let units = Int64(bitPattern: now &- last) < 0 ? last : now
        Memory.storeRelaxed(units, to: clock)
        let length = storeSync(units &- last, at: offset, as: Encoding.self)
        let address = page + (offset + length)
        Memory.willWrite(address, byteCount: 24)
        return length
            + Encoding.storeGeneration(
                generation, time: units, delta: (units &- last) & Encoding.maximumDelta, to: address)
    }

    /// Writes what a long delta needs at `offset`; returns its length.
    @inlinable
    func storeSync<Encoding: RecordEncoding>(_ delta: UInt64, at offset: Int, as encoding: Encoding.Type) -> Int {
        guard delta > Encoding.maximumDelta else { return 0 }
        let address = page + offset
        Memory.willWrite(address, byteCount: 16)
        return Encoding.storeSync(delta, to: address)
    }

    /// Claims a page and opens it. False where none can be had: then one event is counted as lost.
    @inlinable
    func openPage<Encoding: RecordEncoding>(
        of arena: ArenaView<Memory>, generation: UInt64, as encoding: Encoding.Type
    ) -> Bool {
        guard let (number, ticket) = arena.claim() else {
            count(lost: 1)
            return false
        }
        let address = arena.page(number)
        Memory.willWrite(address, byteCount: BatchHeader.byteCount)
        BatchHeader(
            encoding: Encoding.code, timeShift: UInt8(Stamp.unitShift), ticket: ticket,
            baseIndex: Memory.loadRelaxed(pos) &>> 16, generation: generation, baseTime: Memory.loadRelaxed(clock),
            lane: UInt32(arena.number(of: self)), thread: UInt32(truncatingIfNeeded: Memory.loadRelaxed(owner))
        ).store(to: address)
        arena.open(number, ticket: ticket)
        Memory.storeRelaxed(UInt64(number) + 1, to: holding)
        page = address
        return true
    }

    /// Seals the current page, if there is one. The owner, or who took the lane from it.
    @inlinable
    package func release(in arena: ArenaView<Memory>) {
        let held = Memory.loadRelaxed(holding)
        limit = 0
        guard held != 0 else { return }
        arena.seal(Int(held) - 1, end: LanePosition(Memory.loadRelaxed(pos)))
        Memory.storeRelaxed(0, to: holding)
    }

    /// Events that were refused since the last page began count as lost between the two: a gap in the index.
    @inlinable
    func countRefused() {
        let pending = Memory.loadRelaxed(refused)
        guard pending != 0 else { return }
        _ = Memory.fetchAdd(0 &- pending, to: refused, order: .relaxed)
        count(lost: pending)
    }

    /// While no page is open, so that a reader finds the gap between two pages.
    @inlinable
    func count(lost events: UInt64) {
        Memory.storeRelaxed(Memory.loadRelaxed(lost) &+ events, to: lost)
        // Pairs with the acquire of a reader (invariant 3).
        Memory.storeRelease(Memory.loadRelaxed(pos) &+ events &<< 16, to: pos)
    }
}

/// The word that all writers compare with their lane's tag.
@usableFromInline
package enum GenerationWord {
    /// Set once the arena takes no more events.
    @inlinable package static var retired: UInt64 { 1 << 63 }
}
