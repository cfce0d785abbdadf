import CPlatform
import Foundation
import Harness
import RingStrategies

/// Records of 16 to 128 bytes, 48 on average: what a seed makes of them, for the writer and the checker alike.
///
/// Record i is one of 64 patterns, cut to one of 1024 lengths, with its number in the first word.
struct RecordScript: Sendable {
    static let lengths: [UInt8] = [16, 16, 24, 24, 32, 32, 32, 40, 40, 48, 48, 56, 64, 72, 96, 128]
    static let patternStride = 128

    let first: UInt64
    let lengths: [UInt8]
    let patterns: [UInt64]

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        first = firstValue(seed)
        lengths = (0..<1024).map { _ in Self.lengths[Int(random.next() >> 60)] }
        patterns = (0..<64 * Self.patternStride / 8).map { _ in random.next() }
    }

    /// A copy for one side to write numbers into. The caller frees it.
    func copyOfPatterns() -> UnsafeMutableRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: patterns.count * 8, alignment: 64)
        patterns.withUnsafeBytes { copy.copyMemory(from: $0) }
        return copy
    }
}

/// Variable-length records from one thread to the other.
///
///     producer thread                                      consumer thread
///     pattern, number in front  -> copied into the ring -> length, number and every byte compared, in place
struct RecordTransfer {
    var count: Int

    func run<P: RecordProducer & ~Copyable & Sendable, C: RecordConsumer & ~Copyable>(
        _ context: inout SampleContext, _ ends: consuming Ends<P, C>
    ) throws -> Sample {
        let script = RecordScript(seed: context.seed)
        let count = count
        let seed = context.seed
        let abandoned = context.abandoned
        let source = script.copyOfPatterns()
        let expected = script.copyOfPatterns()
        defer {
            source.deallocate()
            expected.deallocate()
        }
        // SAFETY: each is touched by one side only during the race, which ends before they are freed.
        nonisolated(unsafe) let patterns = source
        return try context.race(
            operations: count, ends.producer, ends.consumer,
            produce: { half in half = Self.feed(half, script, patterns, count, Wait(abandoned, yields: false)) },
            consume: { half in
                var mismatch: Int?
                half = Self.check(half, script, expected, count, Wait(abandoned, yields: false), &mismatch)
                if let mismatch {
                    throw VerificationFailure(
                        "a record was lost, repeated, reordered or altered", at: "record \(mismatch)", seed: seed)
                }
            })
    }

    @inline(__always)
    private static func feed<P: RecordProducer & ~Copyable>(
        _ half: consuming P, _ script: RecordScript, _ patterns: UnsafeMutableRawBufferPointer, _ count: Int,
        _ wait: Wait
    ) -> P {
        var producer = Harness.moved(half)
        var wait = wait
        script.lengths.withUnsafeBufferPointer { lengths in
            for number in 0..<count {
                let start = patterns.baseAddress! + (number & 63) * RecordScript.patternStride
                start.storeBytes(of: script.first &+ UInt64(number), as: UInt64.self)
                let record = UnsafeRawBufferPointer(start: start, count: Int(lengths[number & 1023]))
                while _slowPath(!producer.push(record)) { if !wait.once() { return } }
            }
        }
        producer.flush()
        return Harness.moved(producer)
    }

    @inline(__always)
    private static func check<C: RecordConsumer & ~Copyable>(
        _ half: consuming C, _ script: RecordScript, _ expected: UnsafeMutableRawBufferPointer, _ count: Int,
        _ wait: Wait, _ mismatch: inout Int?
    ) -> C {
        var consumer = Harness.moved(half)
        var wait = wait
        var wrong = -1
        /// Where record `number` is expected. Its number is put there some records ahead, so that a wide load of it need
        /// not wait for the store.
        func place(_ number: Int) -> UnsafeMutableRawPointer {
            expected.baseAddress! + (number & 63) &* RecordScript.patternStride
        }
        func announce(_ number: Int) {
            place(number).storeBytes(of: script.first &+ UInt64(truncatingIfNeeded: number), as: UInt64.self)
        }
        for number in 0..<8 { announce(number) }
        script.lengths.withUnsafeBufferPointer { lengths in
            var number = 0
            while number < count {
                var isRight = true
                let found = consumer.pop { record in
                    isRight =
                        record.count == Int(lengths[number & 1023])
                        && Self.areEqual(record, UnsafeRawPointer(place(number)))
                }
                if _fastPath(found) {
                    if _slowPath(!isRight) {
                        wrong = number
                        return
                    }
                    announce(number &+ 8)
                    number &+= 1
                } else if !wait.once() {
                    return
                }
            }
        }
        if wrong >= 0 { mismatch = wrong }
        return Harness.moved(consumer)
    }

    /// Compares a record of 16 to 128 bytes with what lies at `expected`, in blocks of 16 bytes, counted from both ends. In
    /// line, because calls of memcmp cost as much as a ring does; by length class, as a copy of it, because the processor
    /// learns 1024 lengths.
    @inline(__always)
    private static func areEqual(_ record: UnsafeRawBufferPointer, _ expected: UnsafeRawPointer) -> Bool {
        let start = record.baseAddress.unsafelyUnwrapped
        let count = record.count
        func difference(at offset: Int) -> SIMD2<UInt64> {
            (start + offset).loadUnaligned(as: SIMD2<UInt64>.self)
                ^ (expected + offset).loadUnaligned(as: SIMD2<UInt64>.self)
        }
        var differences = difference(at: 0) | difference(at: count &- 16)
        if count > 32 {
            differences |= difference(at: 16) | difference(at: count &- 32)
            if count > 64 {
                differences |= difference(at: 32) | difference(at: 48)
                differences |= difference(at: count &- 64) | difference(at: count &- 48)
            }
        }
        return differences[0] | differences[1] == 0
    }
}

/// The floor of a record ring: one thread looks the length up and copies the record to the next place in a buffer.
struct RecordCopy {
    var count: Int

    func run(_ context: inout SampleContext) throws -> Sample {
        let script = RecordScript(seed: context.seed)
        let bytes = 64 << 10
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: bytes + 256, alignment: 64)
        buffer.initializeMemory(as: UInt8.self, repeating: 0, count: bytes + 256)
        defer { buffer.deallocate() }
        let sample = context.time(operations: count) {
            script.lengths.withUnsafeBufferPointer { lengths in
                script.patterns.withUnsafeBytes { patterns in
                    var offset = 0
                    for number in 0..<count {
                        let start = patterns.baseAddress! + (number & 63) * RecordScript.patternStride
                        let length = Int(lengths[number & 1023])
                        memcpy(buffer + offset, start, length)
                        Harness.consume(offset)
                        offset = (offset + length) & (bytes - 1) & ~7
                    }
                }
            }
        }
        Harness.consume(buffer.load(as: UInt64.self))
        return sample
    }
}
