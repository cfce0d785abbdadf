public import TraceCore

/// What a reader under test found, and the error that it ended with.
public struct Reading: Equatable {
    public internal(set) var found: [Found] = []
    public internal(set) var error: DecodingError?
}

/// The readers under test, made to answer alike.
public enum Readers {
    public static func cursor(_ batch: Batch, _ bytes: RawSpan, _ shapes: ShapeTable) -> Reading {
        var reading = Reading()
        var cursor = RecordCursor(batch)
        do throws(DecodingError) {
            while let record = try cursor.next(in: bytes, shapes) { reading.found.append(Found(record)) }
        } catch {
            reading.error = error
            // It stays where it is.
            do throws(DecodingError) {
                _ = try cursor.next(in: bytes, shapes)
                reading.error = nil
            } catch let again {
                if again != error { reading.error = nil }
            }
        }
        return reading
    }

    /// By batch. With events of each batch and the error, index and generation counted along.
    static func scan(_ batches: [Batch], _ bytes: RawSpan, _ shapes: ShapeTable) -> ([[Found]], DecodingError?) {
        var visitor = Collector(batches, shapes)
        do throws(DecodingError) {
            try BulkScan.scan(batches, in: bytes, shapes, into: &visitor)
        } catch {
            return (visitor.byBatch, error)
        }
        return (visitor.byBatch, nil)
    }

    static func scanTimes(
        _ batches: [Batch], _ bytes: RawSpan, _ shapes: ShapeTable
    ) -> ([[[UInt64]]], DecodingError?) {
        var visitor = TimeCollector(found: batches.map { _ in [] })
        do throws(DecodingError) {
            try BulkScan.scanTimes(batches, in: bytes, shapes, into: &visitor)
        } catch {
            return (visitor.found, error)
        }
        return (visitor.found, nil)
    }

    static func merge(_ batches: [Batch], _ bytes: RawSpan, _ shapes: ShapeTable) -> Reading {
        var reading = Reading()
        do throws(DecodingError) {
            var merge = try TimeMerge(batches, in: bytes)
            do throws(DecodingError) {
                while let record = try merge.next(in: bytes, shapes) { reading.found.append(Found(record)) }
            } catch {
                reading.error = error
                do throws(DecodingError) {
                    _ = try merge.next(in: bytes, shapes)
                    reading.error = nil
                } catch let again {
                    if again != error { reading.error = nil }
                }
            }
        } catch {
            reading.error = error
        }
        return reading
    }

    static func scanMerged(_ batches: [Batch], _ bytes: RawSpan, _ shapes: ShapeTable) -> Reading {
        var visitor = Collector(batches, shapes)
        do throws(DecodingError) {
            let merge = try TimeMerge(batches, in: bytes)
            try merge.scan(in: bytes, shapes, into: &visitor)
        } catch {
            return Reading(found: visitor.found, error: error)
        }
        return Reading(found: visitor.found)
    }
}

extension Found {
    init(_ record: Record) {
        self.init(
            schema: record.schema, time: record.time, index: record.index, generation: record.generation,
            offset: record.offset)
        set((record.words.0, record.words.1, record.words.2), record.schema == 0 ? nil : record.shape, record.payload)
        isTruncated = record.isTruncated
    }

    /// Words that the shape does not have must be 0.
    fileprivate mutating func set(
        _ words: (UInt64, UInt64, UInt64), _ shape: RecordShape?, _ payload: Range<Int>
    ) {
        let count =
            switch shape {
            case nil, .one: 1
            case .two: 2
            case .three: 3
            default: 0
            }
        self.words = [words.0, words.1, words.2]
        while self.words.count > count, self.words.last == 0 { self.words.removeLast() }
        if shape == .text || shape == .wide { self.payload = payload }
    }
}

private struct Collector: ScanVisitor {
    var found: [Found] = []
    var byBatch: [[Found]]
    var states: [(index: UInt64, generation: UInt64)]
    let shapes: ShapeTable

    init(_ batches: [Batch], _ shapes: ShapeTable) {
        byBatch = batches.map { _ in [] }
        states = batches.map { ($0.header.baseIndex, $0.header.generation) }
        self.shapes = shapes
    }

    mutating func event(_ event: ScannedEvent) {
        var next = Found(
            schema: event.schema, time: event.time, index: states[event.batch].index,
            generation: states[event.batch].generation, offset: event.offset)
        next.set(event.words, shapes[event.schema], event.payload)
        add(next, event.batch, count: 1)
    }

    mutating func lost(_ count: UInt64, at time: UInt64, batch: Int) {
        let next = Found(
            schema: 0, time: time, index: states[batch].index, generation: states[batch].generation, offset: -1,
            words: [count])
        add(next, batch, count: count)
    }

    mutating func generation(_ generation: UInt64, at time: UInt64, batch: Int) {
        states[batch].generation = generation
    }

    private mutating func add(_ next: Found, _ batch: Int, count: UInt64) {
        found.append(next)
        byBatch[batch].append(next)
        states[batch].index = (states[batch].index &+ count) & 0xFFFF_FFFF_FFFF
    }
}

private struct TimeCollector: TimeVisitor {
    var found: [[[UInt64]]]
    mutating func event(schema: UInt16, time: UInt64, batch: Int) { found[batch].append([UInt64(schema), time]) }
}
