package import TraceCore

/// Compares each event of a ``WordLoad`` with its place in its lane. Whoever makes it frees it.
package struct WordVisitor: ScanVisitor {
    /// Of one batch.
    private struct Place {
        /// The index of the next event.
        var next: UInt64
        /// A bit for each writer that was found.
        var writers: UInt64 = 0
    }

    private let places: UnsafeMutableBufferPointer<Place>
    private var difference: UInt64 = 0
    private let schema = WordLoad.schema

    private init(_ batches: [Batch]) {
        places = .allocate(capacity: batches.count)
        for (number, batch) in batches.enumerated() {
            places.initializeElement(at: number, to: Place(next: batch.header.baseIndex))
        }
    }

    /// Decodes all records of the batches. Returns what is wrong with one of them: a number that is not that of its place,
    /// another event, events of two writers, an end that its header does not tell.
    package static func check(_ batches: [Batch], in bytes: RawSpan, _ shapes: ShapeTable) throws -> String? {
        var visitor = WordVisitor(batches)
        defer { visitor.places.deallocate() }
        try BulkScan.scan(batches, in: bytes, shapes, into: &visitor)
        for (place, batch) in zip(visitor.places, batches) {
            let header = batch.header
            if place.next != header.endIndex || place.writers.nonzeroBitCount > 1 {
                return "\(header.baseIndex) to \(header.endIndex) of lane \(header.lane) ends at \(place.next)"
            }
        }
        return visitor.difference == 0 ? nil : "an event has another's number"
    }

    @inline(__always)
    package mutating func event(_ event: ScannedEvent) {
        let value = event.words.0
        let index = places[event.batch].next
        difference |= (value &>> 2) ^ index | UInt64(event.schema ^ schema)
        places[event.batch].next = index &+ 1
        places[event.batch].writers |= 1 &<< (value & 3)
    }
}
