import BenchLoad
import TraceCore

/// Compares each event of a `WordLoad` with its place. Whoever makes it frees it.
struct WordVisitor: ScanVisitor {
    /// Of one batch.
    struct Place {
        /// The index of the next event.
        var next: UInt64
        /// A bit for each writer that was found.
        var writers: UInt64 = 0
    }

    let places: UnsafeMutableBufferPointer<Place>
    private var difference: UInt64 = 0
    private let schema = WordLoad.schema

    init(_ batches: [Batch]) {
        places = .allocate(capacity: batches.count)
        for (number, batch) in batches.enumerated() {
            places.initializeElement(at: number, to: Place(next: batch.header.baseIndex))
        }
    }

    func deallocate() { places.deallocate() }

    /// An event had another number than its place in its lane, or was another event.
    var isWrong: Bool { difference != 0 }

    @inline(__always)
    mutating func event(_ event: ScannedEvent) {
        let value = event.words.0
        let index = places[event.batch].next
        difference |= (value &>> 2) ^ index | UInt64(event.schema ^ schema)
        places[event.batch].next = index &+ 1
        places[event.batch].writers |= 1 &<< (value & 3)
    }
}
