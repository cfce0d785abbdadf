import Harness

// One thread that emits and does nothing else, or an event beside a chain of dependent work.

extension EmitPlan {
    private static let arena: [String: ParameterValue] = ["arena": "memory", "values": "running"]

    mutating func addLoopFloors() {
        let empty = Self.operations(of: 0.5)
        add("loop.empty", "loop", .floor) { context in
            context.time(operations: Int(empty)) { FloorLoops.empty(0..<empty) }
        }
        let clock = Self.operations(of: 8)
        add("loop.clock", "loop", .floor) { context in
            context.time(operations: Int(clock)) { FloorLoops.clock(0..<clock) }
        }
        let chained = Self.operations(of: 80)
        add("chain30.none", "chain", .floor) { context in
            let seed = context.seed | 1
            var value: UInt64 = 0
            let sample = context.time(operations: Int(chained)) { value = FloorLoops.chainAlone(0..<chained, seed) }
            consume(value)
            return sample
        }
        add("chain30.clock", "chain", .floor) { context in
            let seed = context.seed | 1
            var value: UInt64 = 0
            let sample = context.time(operations: Int(chained)) { value = FloorLoops.chainClock(0..<chained, seed) }
            consume(value)
            return sample
        }
        add("loop.u64", "c-ring24", .floor, Self.arena) { context in
            try Self.timeRing(&context, clock) { FloorLoops.ring($0, $1, $2) }
        }
        add("chain30.u64", "c-ring24", .floor) { context in
            try Self.timeRing(&context, chained) { consume(FloorLoops.chainRing($0, $1, $2)) }
        }
    }

    /// Warms the ring up by one lap, times `loop` and checks what is in the ring.
    private static func timeRing(
        _ context: inout SampleContext, _ count: UInt64, _ loop: (Range<UInt64>, CRing, UInt64) -> Void
    ) throws -> Sample {
        let ring = CRing()
        defer { ring.deallocate() }
        let seed = context.seed
        let warm = CRing.usualCapacity
        FloorLoops.ring(0..<warm, ring, seed)
        let sample = context.time(operations: Int(count)) { loop(warm..<warm + count, ring, seed) }
        try ring.check(warm + count, seed: seed) { running($0, seed) }
        return sample
    }

    mutating func addLoops<Strategy: EmitStrategy>(_ strategy: Strategy.Type, _ origin: Origin) {
        typealias Loops = EmitLoops<Strategy>
        let count = Self.operations(of: 8)
        let chained = Self.operations(of: 80)

        let off = Self.operations(of: 0.8)
        add("loop.disabled", Strategy.name, origin) { context in
            let stage = try Stage(Strategy.self, pages: 2, seed: context.seed)
            let sample = context.time(operations: Int(off)) { Loops.off(0..<off) }
            try stage.checkConservation([])
            return sample
        }
        add("loop.0args", Strategy.name, origin) { context in
            try Self.time(Strategy.self, &context, count, loop: Loops.zero) { record, _ in
                record.id == Strategy.ids.zero
            }
        }
        for medium in [Stage.Medium.memory, .file] {
            let parameters: [String: ParameterValue] = ["arena": .string(medium.rawValue), "values": "running"]
            add("loop.u64", Strategy.name, origin, parameters) { context in
                let seed = context.seed
                return try Self.time(Strategy.self, &context, count, medium) {
                    Loops.one($0, seed)
                } expected: { record, index in
                    record.arguments == Arguments(running(index, seed))
                }
            }
        }
        for numbers in [Numbers.typical, .uniformLengths] {
            addMixed(Strategy.self, origin, numbers, count)
        }
        let pairs: [(String, UInt64, (Range<UInt64>) -> Void)] = [
            ("shared", count, Loops.pair), ("two", count / 2, Loops.pairOfStamps),
        ]
        for (stamps, count, loop) in pairs {
            add("loop.pair", Strategy.name, origin, ["stamps": .string(stamps)]) { context in
                try Self.time(Strategy.self, &context, count, eventsEach: 2, loop: loop) { record, index in
                    record.id == (index & 1 == 0 ? Strategy.ids.end : Strategy.ids.begin)
                }
            }
        }
        add("chain30.u64", Strategy.name, origin) { context in
            let seed = context.seed
            return try Self.time(Strategy.self, &context, chained) {
                consume(Loops.chainOne($0, seed))
            } expected: { record, index in
                record.arguments == Arguments(running(index, seed))
            }
        }
    }

    private mutating func addMixed<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ origin: Origin, _ numbers: Numbers, _ count: UInt64
    ) {
        typealias Loops = EmitLoops<Strategy>
        let parameters: [String: ParameterValue] = ["arena": "memory", "values": .string(numbers.rawValue)]
        add("loop.u64", Strategy.name, origin, parameters) { context in
            let table = numbers.table(seed: context.seed)
            return try table.withUnsafeBufferPointer { table in
                try Self.time(Strategy.self, &context, count) {
                    Loops.one($0, from: table.baseAddress!)
                } expected: { record, index in
                    record.arguments == Arguments(table[Int(index & Numbers.mask)])
                }
            }
        }
        add("loop.3args", Strategy.name, origin, ["values": .string(numbers.rawValue)]) { context in
            let table = numbers.table(seed: context.seed)
            return try table.withUnsafeBufferPointer { table in
                try Self.time(Strategy.self, &context, count) {
                    Loops.three($0, from: table.baseAddress!)
                } expected: { record, index in
                    record.arguments
                        == Arguments(
                            table[Int(index & Numbers.mask)], table[Int((index + 1) & Numbers.mask)],
                            table[Int((index + 2) & Numbers.mask)])
                }
            }
        }
    }

    /// Makes an arena, warms it up, times `loop` over `count` operations, and checks what the arena holds then.
    ///
    /// - Parameters:
    ///   - eventsEach: of one operation.
    ///   - expected: whether a record is the one of its index.
    static func time<Strategy: EmitStrategy>(
        _ strategy: Strategy.Type, _ context: inout SampleContext, _ count: UInt64, _ medium: Stage.Medium = .memory,
        eventsEach: UInt64 = 1, loop: (Range<UInt64>) -> Void,
        expected: (_ record: DecodedRecord, _ index: UInt64) -> Bool
    ) throws -> Sample {
        let stage = try Stage(Strategy.self, medium: medium, seed: context.seed)
        // Lane, page and branches: an eighth of what is timed.
        let warm = count / 8
        loop(0..<warm)
        let sample = context.time(operations: Int(count)) { loop(warm..<warm + count) }
        try stage.checkConservation([(warm + count) * eventsEach])
        try stage.check(as: Strategy.self) { expected($2, $1) }
        return sample
    }
}
