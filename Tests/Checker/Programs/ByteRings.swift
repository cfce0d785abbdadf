package import Checker
import MemoryAccess
import RingBuffers

/// The byte ring, in the mapping that the checker can watch: of a mirrored one it sees two addresses for one byte.
package enum ByteRings {
    typealias Ring = GenericByteRing<CheckedMemory>

    /// - Parameters:
    ///   - sizes: of the records, in bytes.
    ///   - ahead: records of 12 bytes that were pushed and popped before.
    static func records(_ name: String, _ sizes: [Int], ahead: Int = 0, start: UInt64 = 0) -> Program {
        Program(name) { machine in
            let ring = try! Ring(minimumCapacity: 64, mapping: .padded, startingAt: start)
            var producer = ring.producer
            var consumer = ring.consumer
            for _ in 0..<ahead {
                _ = try! producer.push(record(0, 12).span.bytes)
                _ = consumer.pop { _ in }
            }
            let (sending, receiving) = (Handed(producer), Handed(consumer))
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for (number, size) in sizes.enumerated() {
                            let bytes = record(number, size)
                            while try! !producer.push(bytes.span.bytes) { CheckedMemory.pause() }
                        }
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        var next = 0
                        while !consumer.isFinished {
                            let size = consumer.pop { bytes -> Int in
                                bytes.withUnsafeBytes {
                                    CheckedMemory.willRead($0.baseAddress!, byteCount: $0.count)
                                    if !$0.elementsEqual(record(next, $0.count)) {
                                        machine.report("record \(next) is torn")
                                    }
                                    return $0.count
                                }
                            }
                            guard let size else {
                                CheckedMemory.pause()
                                continue
                            }
                            if next >= sizes.count || size != sizes[next] {
                                machine.report("record \(next) of \(size) bytes")
                            }
                            next += 1
                        }
                        if next != sizes.count { machine.report("the end after \(next) records") }
                    }
                ),
            ])
        }
    }

    /// A consumer that streams, and one half that goes early.
    static func streaming(records count: Int) -> Program {
        Program("byte ring, a consumer that streams, \(count) records") { machine in
            let ring = try! Ring(minimumCapacity: 512, mapping: .padded)
            var producer = ring.producer
            var consumer = ring.consumer
            for _ in 0..<7 { _ = try! producer.push(record(0, 44).span.bytes) }
            for _ in 0..<7 where consumer.pop({ _ in }) == nil { machine.report("a record is missing") }
            let (sending, receiving) = (Handed(producer), Handed(consumer))
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for number in 0..<count { _ = try! producer.push(record(number, 60).span.bytes) }
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        var next = 0
                        for _ in 0..<count {
                            let found: Void? = consumer.pop { bytes in
                                bytes.withUnsafeBytes {
                                    CheckedMemory.willRead($0.baseAddress!, byteCount: $0.count)
                                    if !$0.elementsEqual(record(next, 60)) { machine.report("record \(next) is torn") }
                                }
                            }
                            if found != nil { next += 1 }
                        }
                        consumer.giveBack()
                    }
                ),
            ])
        }
    }

    /// Bytes that are given back at once, and a half that goes early.
    static func ends(pushes: Int, pops: Int) -> Program {
        Program("byte ring, halves that go after \(pushes) pushes and \(pops) pops") { machine in
            let ring = try! Ring(minimumCapacity: 64, mapping: .padded)
            let (sending, receiving) = (Handed(ring.producer), Handed(ring.consumer))
            let words = LastWords()
            return .init([
                (
                    "producer",
                    {
                        var producer = sending.take()
                        for number in 0..<pushes {
                            _ = try! producer.push(record(number, 28).span.bytes)
                            if producer.isConsumerGone {
                                words.read()
                                return
                            }
                        }
                        words.say()
                    }
                ),
                (
                    "consumer",
                    {
                        var consumer = receiving.take()
                        for _ in 0..<pops {
                            _ = consumer.pop { bytes in
                                bytes.withUnsafeBytes { CheckedMemory.willRead($0.baseAddress!, byteCount: $0.count) }
                            }
                            consumer.giveBack()
                        }
                        if consumer.isFinished { words.read() }
                        words.sayOther()
                    }
                ),
            ])
        }
    }

    private static func record(_ number: Int, _ size: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(number + 1), count: size)
    }

    package static let programs: [Program] = [
        records("byte ring, 3 records", [12, 4, 20]),
        records("byte ring, full, with a pad", [20, 20, 28], ahead: 1),
        streaming(records: 4),
        ends(pushes: 3, pops: 2),
        records("byte ring, full, position near the end", [20, 20, 28], ahead: 1, start: .max - 31),
    ]
}
