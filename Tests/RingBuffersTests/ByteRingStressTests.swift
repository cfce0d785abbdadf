import Foundation
import Testing

@testable import RingBuffers

/// Two threads, every byte checked. Padded rings: ThreadSanitizer sees no race through a second mapping; the mirrored
/// ring runs here too, for the bytes.
@Suite(.serialized) struct ByteRingStressTests {
    @Test(
        arguments: [(ByteRingMapping.padded, 256), (.padded, 65536), (.mirrored, 4096), (.mirrored, 65536)],
        [
            0 as UInt64, 0 &- 4096,
        ])
    func recordArrivesTornLostOrTwice(_ ring: (mapping: ByteRingMapping, capacity: Int), start: UInt64) throws {
        let halves = try ByteRing(minimumCapacity: ring.capacity, mapping: ring.mapping, startingAt: start)
        let count: UInt64 = 5_000
        let maximum = min(100, halves.maximumRecordByteCount)
        let (writing, reading) = (RingTestParcel(halves.producer), RingTestParcel(halves.consumer))
        onThreads(
            {
                var producer = writing.open()
                for index in 0..<count {
                    let bytes = ExpectedRecord(index, maximum: maximum).bytes
                    while try! !producer.push(array: bytes) { sched_yield() }
                }
            },
            {
                var consumer = reading.open()
                var index: UInt64 = 0
                while true {
                    let isLast = consumer.isFinished
                    let bytes = consumer.popArray()
                    if let bytes {
                        if bytes != ExpectedRecord(index, maximum: maximum).bytes { fatalError("record \(index)") }
                        index += 1
                    } else if isLast {
                        break
                    } else {
                        sched_yield()
                    }
                }
                if index != count { fatalError("\(index) of \(count) records") }
            })
    }

    @Test func memoryIsFreedTwiceOrUnderTheOtherHalf() throws {
        for round in 0..<200 {
            let ring = try ByteRing(minimumCapacity: 4096, mapping: round % 2 == 0 ? .padded : .mirrored)
            let (writing, reading) = (RingTestParcel(ring.producer), RingTestParcel(ring.consumer))
            onThreads(
                {
                    var producer = writing.open()
                    for index in 0..<(round % 50) { _ = try! producer.push(array: [UInt8(index)]) }
                },
                {
                    var consumer = reading.open()
                    for _ in 0..<(50 - round % 50) { _ = consumer.popArray() }
                })
        }
    }
}
