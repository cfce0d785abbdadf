import FlightRecording
import Foundation
import Harness
import Synchronization
import TraceCore

/// What a recorder does whose subscribers have no memory in common: each is given a copy of each generation, in a queue of its
/// own under a lock, and frees it.
final class CopyEach {
    /// Whoever takes it from its queue frees it.
    private struct Copy: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }

    private final class Queue: Sendable {
        let entries = Mutex<[Copy]>([])
    }

    private let queues: [Queue]

    init(subscribers: Int) { queues = (0..<subscribers).map { _ in Queue() } }

    /// Nanoseconds to copy a generation into each queue, take it out and free it. The copies are checked.
    func measure(_ generation: TraceGeneration, seed: UInt64) throws -> Double {
        let byteCount = generation.batches.reduce(0) { $0 + Self.byteCount(of: $1) }
        var elapsed = 0.0
        try generation.withBytes { bytes in
            let batches = generation.batches
            for (number, queue) in queues.enumerated() {
                let start = Ticks.now()
                let copy = Copy(bytes: Self.copy(batches, bytes, byteCount))
                queue.entries.withLock { $0.append(copy) }
                let taken = queue.entries.withLock { $0.removeFirst() }.bytes
                let end = Ticks.now()
                if number == queues.count - 1 { try Self.check(taken, batches, bytes, seed) }
                let again = Ticks.now()
                taken.deallocate()
                elapsed += Ticks.nanoseconds(from: start, to: end) + Ticks.nanoseconds(from: again, to: Ticks.now())
            }
        }
        return elapsed
    }

    /// Header and records, to a multiple of 8.
    private static func byteCount(of batch: Batch) -> Int { BatchHeader.byteCount + (batch.records.count + 7) & ~7 }

    private static func copy(
        _ batches: [Batch], _ bytes: RawSpan, _ byteCount: Int
    ) -> UnsafeMutableRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
        var offset = 0
        bytes.withUnsafeBytes { source in
            for batch in batches {
                let target = copy.baseAddress! + offset
                batch.header.store(to: target)
                memcpy(
                    target + BatchHeader.byteCount, source.baseAddress! + batch.records.lowerBound, batch.records.count)
                offset += Self.byteCount(of: batch)
            }
        }
        return copy
    }

    private static func check(
        _ copy: UnsafeMutableRawBufferPointer, _ batches: [Batch], _ bytes: RawSpan, _ seed: UInt64
    ) throws {
        var offset = 0
        let isEqual = bytes.withUnsafeBytes { source in
            batches.allSatisfy { batch in
                defer { offset += Self.byteCount(of: batch) }
                let records = source.baseAddress! + batch.records.lowerBound
                return memcmp(copy.baseAddress! + offset + BatchHeader.byteCount, records, batch.records.count) == 0
            }
        }
        guard isEqual else { throw VerificationFailure("the copy differs", at: "its records", seed: seed) }
    }
}
