internal import MemoryAccess
internal import TraceCore

// The part of a page that lies between two cuts, as of one generation. It begins where the generation before ended, often in the middle of the
// page, and has to decode by itself: so it needs the time that its first delta counts from.
//
// As a rule a generation record stands there, and states its time: the part begins behind it. But a thread that was
// descheduled in the middle of an emit publishes its record late, behind the cut and without a generation record: then the
// time is that of the record before, and the page is decoded from its start.

extension ArenaView<NativeMemory> {
    /// The records of a pinned page between two cuts, as a batch; nil where there are none.
    ///
    /// - Parameter generation: of the batch; nil: that of the page or, where the part begins in the middle of it, the one
    ///   behind `begin`.
    /// - Throws: where a late record stands at the begin, and what stands before it does not decode.
    /// - Complexity: O(1); O(bytes before the part) behind a late record.
    func part(
        ofPinned page: Int, from begin: GenerationCut, to end: GenerationCut, generation: UInt64?, in pages: RawSpan,
        _ shapes: () -> ShapeTable
    ) throws(DecodingError) -> Batch? {
        var header = header(ofPinned: page) { end[$0] }
        let start = begin[Int(header.lane)]
        guard header.byteCount > 0, LanePosition.precedes(start.index, header.endIndex) else { return nil }
        if let generation { header.generation = generation }
        let records = page * geometry.pageByteCount + BatchHeader.byteCount
        // Equal: the offset is one of the page before (invariant 10).
        guard LanePosition.precedes(header.baseIndex, start.index) else { return Batch(header, recordsAt: records) }

        if generation == nil { header.generation = begin.generation &+ 1 }
        let limit = records + Int(header.byteCount)
        let cut = records - BatchHeader.byteCount + start.offset
        var first = cut
        if let found = Self.generationRecord(at: cut, limit, in: pages) {
            header.baseTime = found.time
            first = found.end
        } else {
            var before = header
            before.byteCount = UInt32(cut - records)
            header.baseTime = try Self.lastTime(in: Batch(before, recordsAt: records), pages, shapes())
        }
        header.baseIndex = start.index
        header.byteCount = UInt32(limit - first)
        return Batch(header, recordsAt: first)
    }

    /// Whether a page that is pinned may come to hold events behind `cut`, or holds some.
    func mayReach(beyond cut: GenerationCut, pinned page: Int) -> Bool {
        let header = header(ofPinned: page)
        if LanePosition.precedes(cut[Int(header.lane)].index, header.endIndex) { return true }
        return PageState(NativeMemory.loadRelaxed(state(of: page))).phase == .owned
    }

    /// The time of the generation record at `start`, behind its syncs, and where it ends.
    private static func generationRecord(
        at start: Int, _ limit: Int, in pages: RawSpan
    ) -> (time: UInt64, end: Int)? {
        var position = start
        func byte(_ offset: Int) -> UInt8 { pages.unsafeLoad(fromByteOffset: position + offset, as: UInt8.self) }
        // SAFETY: all loads lie before `limit`, which is within the page.
        while position + 3 <= limit, byte(0) == RecordID.sync { position += 3 }
        guard position + 20 <= limit, byte(0) == RecordID.control, byte(3) == ControlKind.generation.rawValue else {
            return nil
        }
        let time = pages.unsafeLoadUnaligned(fromByteOffset: position + 12, as: UInt64.self)
        return (UInt64(littleEndian: time), position + 20)
    }

    private static func lastTime(
        in batch: Batch, _ pages: RawSpan, _ shapes: ShapeTable
    ) throws(DecodingError) -> UInt64 {
        var time = batch.header.baseTime
        var cursor = RecordCursor(batch)
        while let record = try cursor.next(in: pages, shapes) { time = record.time }
        return time
    }
}

extension Arena {
    /// All pages, one behind the other: what the offsets of batches are of.
    var pages: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: view.page(0), count: geometry.pageCount * geometry.pageByteCount)
    }
}
