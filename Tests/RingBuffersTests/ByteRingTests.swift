import Testing

@testable import RingBuffers

@Suite struct ByteRingTests {
    static let mappings: [ByteRingMapping] = [.mirrored, .padded]

    @Test(arguments: mappings)
    func copyMissesOrAddsBytes(_ mapping: ByteRingMapping) throws {
        let ring = try ByteRing(minimumCapacity: 4096, mapping: mapping)
        var producer = ring.producer
        var consumer = ring.consumer
        for byteCount in 0...600 {
            let record = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ byteCount &+ 1) }
            try expect(producer.push(array: record))
            try expect(producer.push(array: [0xEE]))
            expect(consumer.popArray() == record, "\(byteCount) bytes")
            expect(consumer.popArray() == [0xEE])
        }
        expect(consumer.popArray() == nil)
    }

    @Test(arguments: mappings)
    func recordIsSplitOrMisplacedAtTheWrap(_ mapping: ByteRingMapping) throws {
        let long = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        for distance in 1...40 {
            let ring = try ByteRing(minimumCapacity: 4096, mapping: mapping)
            var producer = ring.producer
            var consumer = ring.consumer
            for _ in 0..<(producer.capacity / 8 - distance) {
                try expect(producer.push(array: [1, 2, 3, 4]))
                expect(consumer.popArray() == [1, 2, 3, 4])
            }
            for _ in 0..<3 {
                try expect(producer.push(array: long))
                expect(consumer.popArray() == long, "\(distance * 8) bytes before the wrap")
            }
        }
    }

    /// Seeded random pushes, pops, reservations and drains in both mappings, against an array.
    @Test(arguments: seededStarts, [64, 256, 4096])
    func differsFromAQueueOfArrays(start: UInt64, capacity: Int) throws {
        for mapping in Self.mappings where mapping == .padded || capacity >= 4096 {
            let ring = try ByteRing(minimumCapacity: capacity, mapping: mapping, startingAt: start)
            expect(ring.mapping == mapping)
            var producer = ring.producer
            var consumer = ring.consumer
            var model: [[UInt8]] = []
            var random = RingTestRandom(state: start &+ UInt64(capacity))
            let maximum = producer.maximumRecordByteCount
            for index in 0..<3000 {
                let choice = random.next() % 10
                let longest = choice % 3 == 0 ? maximum : min(maximum, 40)
                let bytes = ExpectedRecord(random.next() ^ UInt64(index), maximum: longest).bytes
                switch choice {
                case 0...3:
                    var isPushed = try producer.push(array: bytes)
                    if !isPushed, model.isEmpty {
                        // What was read is given back for certain once the ring was found empty.
                        expect(consumer.popArray() == nil)
                        isPushed = try producer.push(array: bytes)
                        expect(isPushed, "an empty ring refused \(bytes.count) bytes")
                    }
                    if isPushed { model.append(bytes) }
                case 4:
                    let published = try producer.reserve(byteCount: bytes.count) { output in
                        for byte in bytes.dropLast(3) { output.append(byte) }
                    }
                    if let published {
                        expect(published == max(0, bytes.count - 3))
                        if published > 0 { model.append(Array(bytes.dropLast(3))) }
                    }
                case 5...7:
                    let expected = model.isEmpty ? nil : model.removeFirst()
                    expect(consumer.popArray() == expected)
                case 8:
                    let limit = Int(random.next() % 4)
                    var drained: [[UInt8]] = []
                    expect(consumer.drain(upTo: limit) { drained.append($0.array) } == drained.count)
                    expect(drained == Array(model.prefix(limit)))
                    model.removeFirst(drained.count)
                default:
                    consumer.giveBack()
                }
            }
            var rest: [[UInt8]] = []
            _ = consumer.drain { rest.append($0.array) }
            expect(rest == model)
        }
    }

    @Test(arguments: mappings, seededStarts)
    func emptyRingRefusesTheLargestRecord(_ mapping: ByteRingMapping, start: UInt64) throws {
        let ring = try ByteRing(minimumCapacity: 4096, mapping: mapping, startingAt: start)
        var producer = ring.producer
        var consumer = ring.consumer
        let largest = [UInt8](repeating: 7, count: producer.maximumRecordByteCount)
        for shift in 0..<2100 {
            try expect(producer.push(array: [UInt8](repeating: 1, count: shift % 97)))
            expect(consumer.popArray()?.count == shift % 97)
            expect(consumer.popArray() == nil)
            try expect(producer.push(array: largest))
            expect(consumer.popArray() == largest)
            expect(consumer.popArray() == nil)
        }
    }

    @Test(arguments: [64, 128, 512, 4096])
    func recordThatCanNeverFitIsTakenForAFullRing(capacity: Int) throws {
        let ring = try ByteRing(minimumCapacity: capacity, mapping: .padded)
        var producer = ring.producer
        var consumer = ring.consumer
        let maximum = producer.maximumRecordByteCount
        expect(maximum == capacity / 2 - 4)
        for fill in 0..<16 {
            _ = try producer.push(array: [UInt8](repeating: 1, count: fill))
            for excess in [1, 4, 8, capacity / 2, capacity, 3 * capacity] {
                let error = RecordTooLarge(byteCount: maximum + excess, maximumByteCount: maximum)
                #expect(throws: error) {
                    try producer.push(array: [UInt8](repeating: 1, count: maximum + excess))
                }
                #expect(throws: error) { try producer.reserve(byteCount: maximum + excess) { _ in } }
            }
            _ = consumer.popArray()
        }
        #expect(throws: RecordTooLarge.self) { try producer.reserve(byteCount: .max) { _ in } }
    }

    @Test(arguments: mappings)
    func fullRingTakesMoreOrRefusesTooEarly(_ mapping: ByteRingMapping) throws {
        let ring = try ByteRing(minimumCapacity: 4096, mapping: mapping)
        var producer = ring.producer
        var consumer = ring.consumer
        for lap in 0..<5 {
            var pushed = 0
            while try producer.push(array: [UInt8](repeating: UInt8(lap), count: 12)) { pushed += 1 }
            expect(pushed == producer.capacity / 16)
            try expect(!producer.push(array: []))
            for _ in 0..<pushed { expect(consumer.popArray() == [UInt8](repeating: UInt8(lap), count: 12)) }
            expect(consumer.popArray() == nil)
        }
    }

    @Test func readMemoryIsHeldBackAfterGiveBack() throws {
        let ring = try ByteRing(minimumCapacity: 4096, mapping: .padded)
        var producer = ring.producer
        var consumer = ring.consumer
        while try producer.push(array: [1, 2, 3, 4]) {}
        expect(consumer.popArray() != nil)
        try expect(!producer.push(array: [5]))
        consumer.giveBack()
        try expect(producer.push(array: [5]))
        try expect(!producer.push(array: [5]))
    }

    struct Refusal: Error {}

    @Test(arguments: mappings)
    func abandonedReservationIsPublished(_ mapping: ByteRingMapping) throws {
        let ring = try ByteRing(minimumCapacity: 4096, mapping: mapping)
        var producer = ring.producer
        var consumer = ring.consumer
        // Round and round, so that reservations are also abandoned beside the wrap, where a padded ring skips.
        for index in 0..<400 {
            #expect(throws: Refusal.self) {
                try producer.reserve(byteCount: 100) { output in
                    output.append(1 as UInt8)
                    throw Refusal()
                }
            }
            try expect(producer.reserve(byteCount: 100) { _ in } == 0)
            expect(consumer.popArray() == nil)
            try expect(producer.reserve(byteCount: 100) { $0.append(UInt64(index), as: UInt64.self) } == 8)
            let value = consumer.pop { $0.unsafeLoadUnaligned(as: UInt64.self) }
            expect(value == UInt64(index))
        }
    }

    @Test func recordIsLostWhenItsReaderThrows() throws {
        let ring = try ByteRing(minimumCapacity: 4096, mapping: .padded)
        var producer = ring.producer
        var consumer = ring.consumer
        try expect(producer.push(array: [1]))
        try expect(producer.push(array: [2]))
        #expect(throws: Refusal.self) { try consumer.pop { _ in throw Refusal() } }
        expect(consumer.popArray() == [1])
        #expect(throws: Refusal.self) { try consumer.drain { _ in throw Refusal() } }
        expect(consumer.popArray() == [2])
    }

    @Test(arguments: mappings)
    func closedRingForgetsItsRest(_ mapping: ByteRingMapping) throws {
        let ring = try ByteRing(minimumCapacity: 4096, mapping: mapping)
        let parcel = RingTestParcel(ring.producer)
        var consumer = ring.consumer
        do {
            var producer = parcel.open()
            try expect(producer.push(array: [1]))
            expect(!consumer.isFinished)
        }
        expect(!consumer.isFinished)
        expect(consumer.popArray() == [1])
        expect(consumer.popArray() == nil)
        expect(consumer.isFinished)
    }

    @Test func producerOutlivesTheConsumer() throws {
        let ring = try ByteRing(minimumCapacity: 4096)
        var producer = ring.producer
        let parcel = RingTestParcel(ring.consumer)
        expect(!producer.isConsumerGone)
        do { _ = parcel.open() }
        expect(producer.isConsumerGone)
        while try producer.push(array: [1, 2, 3]) {}
    }

    @Test func nonsenseCapacityTraps() {
        for capacity in [0, -1, .min, .max, 1 << 40] {
            #expect(throws: ByteRingError.invalidCapacity(capacity)) {
                _ = try ByteRing(minimumCapacity: capacity, mapping: .padded)
            }
        }
    }
}
