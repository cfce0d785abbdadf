// The small chunks as bytes and back, one after the other as in docs/FORMAT.md. What is read is checked field by field:
// a count is compared with the bytes that are left before anything is reserved for it.

extension EventSchema {
    func append(to chunk: inout ChunkBuffer, at offset: Int) throws(NativeFileError) {
        guard id > 0 else { throw NativeFileError(.invalid(.schemaID, 0), at: offset) }
        guard let fieldCount = UInt8(exactly: fields.count) else {
            throw NativeFileError(.invalid(.fieldCount, UInt64(fields.count)), at: offset)
        }
        chunk.append(id)
        chunk.append(kind.rawValue)
        chunk.append(fieldCount)
        chunk.append(name)
        chunk.append(category)
        for field in fields {
            chunk.append(field.type.rawValue)
            chunk.append(field.name)
            chunk.append(field.unit)
        }
    }

    static func read(_ cursor: inout FieldCursor, in bytes: RawSpan) throws(NativeFileError) -> EventSchema {
        let offset = cursor.position
        let id = try cursor.number(.schemaID, in: bytes, as: UInt16.self)
        guard id > 0 else { throw NativeFileError(.invalid(.schemaID, 0), at: offset) }
        let rawKind = try cursor.number(.eventKind, in: bytes, as: UInt8.self)
        guard let kind = EventKind(rawValue: rawKind) else {
            throw NativeFileError(.invalid(.eventKind, UInt64(rawKind)), at: offset + 2)
        }
        let fieldCount = try cursor.number(.fieldCount, in: bytes, as: UInt8.self)
        let name = try cursor.text(.name, in: bytes)
        let category = try cursor.text(.category, in: bytes)
        var fields: [Field] = []
        for _ in 0..<fieldCount {
            let offset = cursor.position
            let rawType = try cursor.number(.fieldType, in: bytes, as: UInt8.self)
            guard let type = FieldType(rawValue: rawType) else {
                throw NativeFileError(.invalid(.fieldType, UInt64(rawType)), at: offset)
            }
            let name = try cursor.text(.fieldName, in: bytes)
            fields.append(Field(name: name, type: type, unit: try cursor.text(.unit, in: bytes)))
        }
        return EventSchema(id: id, name: name, category: category, kind: kind, fields: fields)
    }

    static func readAll(_ cursor: inout FieldCursor, in bytes: RawSpan) throws(NativeFileError) -> [EventSchema] {
        let count = try cursor.count(.schemaCount, minimum: 8, in: bytes)
        var schemas: [EventSchema] = []
        schemas.reserveCapacity(count)
        for _ in 0..<count { schemas.append(try read(&cursor, in: bytes)) }
        return schemas
    }
}

extension NativeString {
    func append(to chunk: inout ChunkBuffer) {
        chunk.append(number)
        chunk.append(text)
    }

    static func readAll(_ cursor: inout FieldCursor, in bytes: RawSpan) throws(NativeFileError) -> [NativeString] {
        let count = try cursor.count(.stringCount, minimum: 6, in: bytes)
        var strings: [NativeString] = []
        strings.reserveCapacity(count)
        for _ in 0..<count {
            let number = try cursor.number(.stringNumber, in: bytes, as: UInt32.self)
            strings.append(NativeString(number: number, text: try cursor.text(.string, in: bytes)))
        }
        return strings
    }
}

extension NativeThread {
    func append(to chunk: inout ChunkBuffer) {
        chunk.append(lane)
        chunk.append(thread)
        chunk.append(name)
    }

    static func readAll(_ cursor: inout FieldCursor, in bytes: RawSpan) throws(NativeFileError) -> [NativeThread] {
        let count = try cursor.count(.threadCount, minimum: 10, in: bytes)
        var threads: [NativeThread] = []
        threads.reserveCapacity(count)
        for _ in 0..<count {
            let lane = try cursor.number(.lane, in: bytes, as: UInt32.self)
            let thread = try cursor.number(.thread, in: bytes, as: UInt32.self)
            threads.append(NativeThread(lane: lane, thread: thread, name: try cursor.text(.name, in: bytes)))
        }
        return threads
    }
}

extension OpenSpan {
    func append(to chunk: inout ChunkBuffer) {
        chunk.append(lane)
        chunk.append(thread)
        chunk.append(schema)
        chunk.append(isAcrossThreads ? Self.acrossThreadsFlag : 0)
        chunk.append(depth)
        chunk.append(start)
        chunk.append(number)
    }

    static func readAll(_ cursor: inout FieldCursor, in bytes: RawSpan) throws(NativeFileError) -> [OpenSpan] {
        let count = try cursor.count(.openSpanCount, minimum: 32, in: bytes)
        var spans: [OpenSpan] = []
        spans.reserveCapacity(count)
        for _ in 0..<count {
            let lane = try cursor.number(.openSpan, in: bytes, as: UInt32.self)
            let thread = try cursor.number(.openSpan, in: bytes, as: UInt32.self)
            let schema = try cursor.number(.openSpan, in: bytes, as: UInt16.self)
            let flags = try cursor.number(.openSpan, in: bytes, as: UInt16.self)
            let depth = try cursor.number(.openSpan, in: bytes, as: UInt32.self)
            let start = try cursor.number(.openSpan, in: bytes, as: UInt64.self)
            spans.append(
                OpenSpan(
                    lane: lane, thread: thread, schema: schema, isAcrossThreads: flags & acrossThreadsFlag != 0,
                    depth: depth, start: start, number: try cursor.number(.openSpan, in: bytes)))
        }
        return spans
    }

    private static var acrossThreadsFlag: UInt16 { 1 }
}

extension NativeGenerationEnd {
    func append(to chunk: inout ChunkBuffer) {
        chunk.append(generation)
        chunk.append(clockPair)
        chunk.append(UInt32(lanes.count))
        for lane in lanes {
            chunk.append(lane.lane)
            chunk.append(lane.isTruncated ? Self.truncatedFlag : 0)
            chunk.append(lane.events)
            chunk.append(UInt32(lane.gaps.count))
            for gap in lane.gaps {
                chunk.append(gap.firstIndex)
                chunk.append(gap.count)
            }
        }
    }

    static func read(_ cursor: inout FieldCursor, in bytes: RawSpan) throws(NativeFileError) -> NativeGenerationEnd {
        let generation = try cursor.number(.generation, in: bytes, as: UInt64.self)
        var end = NativeGenerationEnd(generation: generation, clockPair: try cursor.clockPair(in: bytes))
        let laneCount = try cursor.count(.laneCount, minimum: 20, in: bytes)
        end.lanes.reserveCapacity(laneCount)
        for _ in 0..<laneCount {
            let number = try cursor.number(.lane, in: bytes, as: UInt32.self)
            let flags = try cursor.number(.lane, in: bytes, as: UInt32.self)
            let events = try cursor.number(.events, in: bytes, as: UInt64.self)
            var lane = Lane(lane: number, events: events, isTruncated: flags & truncatedFlag != 0)
            let gapCount = try cursor.count(.gapCount, minimum: 16, in: bytes)
            lane.gaps.reserveCapacity(gapCount)
            for _ in 0..<gapCount {
                let firstIndex = try cursor.number(.gap, in: bytes, as: UInt64.self)
                lane.gaps.append(Gap(firstIndex: firstIndex, count: try cursor.number(.gap, in: bytes)))
            }
            end.lanes.append(lane)
        }
        return end
    }

    private static var truncatedFlag: UInt32 { 1 }
}

extension NativeTotals {
    func append(to chunk: inout ChunkBuffer) {
        chunk.append(batches)
        chunk.append(events)
        chunk.append(lost)
    }

    static func read(_ cursor: inout FieldCursor, in bytes: RawSpan) throws(NativeFileError) -> NativeTotals {
        var totals = NativeTotals()
        totals.batches = try cursor.number(.batches, in: bytes)
        totals.events = try cursor.number(.events, in: bytes)
        totals.lost = try cursor.number(.lost, in: bytes)
        return totals
    }
}
