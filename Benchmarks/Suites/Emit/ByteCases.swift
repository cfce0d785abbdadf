import Harness
import TraceCore

// How many bytes of arena an event takes.

/// The mix, drawn when it is first needed.
final class LazyMix {
    private let seed: UInt64
    lazy var mix = EventMix(count: Build.configuration == "debug" ? 4096 : 65536, seed: seed)

    init(seed: UInt64) { self.seed = seed }
}

extension EmitPlan {
    mutating func addBytes<Strategy: EmitStrategy>(_ strategy: Strategy.Type, _ origin: Origin, _ mix: LazyMix) {
        typealias Loops = EmitLoops<Strategy>
        addBytes("bytes.0args", Strategy.self, origin, loop: { Loops.zero($0) }) { record, _ in
            record.id == Strategy.ids.zero
        }
        for numbers in [Numbers.typical, .uniformLengths] {
            let parameters: [String: ParameterValue] = ["values": .string(numbers.rawValue)]
            let table = numbers.table(seed: options.seed)
            addBytes(
                "bytes.u64", Strategy.self, origin, parameters,
                loop: { range in table.withUnsafeBufferPointer { Loops.one(range, from: $0.baseAddress!) } },
                expected: { record, index in record.arguments == Arguments(table[Int(index & Numbers.mask)]) })
            addBytes(
                "bytes.3args", Strategy.self, origin, parameters,
                loop: { range in table.withUnsafeBufferPointer { Loops.three(range, from: $0.baseAddress!) } },
                expected: { record, index in
                    record.arguments
                        == Arguments(
                            table[Int(index & Numbers.mask)], table[Int((index + 1) & Numbers.mask)],
                            table[Int((index + 2) & Numbers.mask)])
                })
        }
        add("bytes.mix", Strategy.name, origin, unit: .bytesPerEvent) { context in
            Sample(value: try mix.mix.bytesPerEvent(as: Strategy.self, seed: context.seed))
        }
        for rate in [100_000, 1_000_000] {
            let parameters: [String: ParameterValue] = ["events-per-s": .int(rate), "figure": "seconds-per-MiB"]
            add("history", Strategy.name, origin, parameters, unit: .count, better: .higher) { context in
                let bytes = try mix.mix.bytesPerEvent(as: Strategy.self, seed: context.seed)
                return Sample(value: Double(1 << 20) / bytes / Double(rate))
            }
        }
    }

    private mutating func addBytes<Strategy: EmitStrategy>(
        _ name: String, _ strategy: Strategy.Type, _ origin: Origin, _ parameters: [String: ParameterValue] = [:],
        loop: @escaping (Range<UInt64>) -> Void,
        expected: @escaping (_ record: DecodedRecord, _ index: UInt64) -> Bool
    ) {
        let count: UInt64 = Build.configuration == "debug" ? 10_000 : 100_000
        add(name, Strategy.name, origin, parameters, unit: .bytesPerEvent) { context in
            let stage = try Stage(Strategy.self, seed: context.seed)
            loop(0..<count)
            try stage.checkConservation([count])
            guard let bytes = try stage.check(as: Strategy.self, { expected($2, $1) }).bytesPerEvent else {
                throw stage.failure("no page is full", "the arena")
            }
            return Sample(value: bytes)
        }
    }
}

extension EventMix {
    /// Emits the mix three times over, at its own times, and looks at the pages.
    func bytesPerEvent<Strategy: EmitStrategy>(as strategy: Strategy.Type, seed: UInt64) throws -> Double {
        let stage = try Stage(Strategy.self, seed: seed)
        var times: [UInt64] = []
        times.reserveCapacity(events.count * 3)
        // Behind all that the lane may have seen.
        var ticks = Stamp.now.ticks &+ 1 << 20
        texts.withUnsafeBytes { texts in
            for _ in 0..<3 {
                for event in events {
                    ticks &+= event.gap
                    let stamp = Stamp(ticks: ticks)
                    times.append(stamp.units)
                    switch event.kind {
                    case .begin: Strategy.begin(at: stamp)
                    case .end: Strategy.end(at: stamp)
                    case .one: Strategy.emit1(event.a, at: stamp)
                    case .two: Strategy.emit2(event.a, event.b, at: stamp)
                    case .text: Strategy.emitText(UnsafeRawBufferPointer(rebasing: texts[event.text]), at: stamp)
                    }
                }
            }
        }
        try stage.checkConservation([UInt64(times.count)])
        let ids = Strategy.ids
        let contents = try texts.withUnsafeBytes { texts in
            try stage.check(as: Strategy.self) { _, index, record in
                let event = events[Int(index) % events.count]
                guard record.time == times[Int(index)] else { return false }
                switch event.kind {
                case .begin: return record.id == ids.begin
                case .end: return record.id == ids.end
                case .one: return record.arguments == Arguments(event.a)
                case .two: return record.arguments == Arguments(event.a, event.b)
                case .text: return record.text.elementsEqual(texts[event.text])
                }
            }
        }
        guard let bytes = contents.bytesPerEvent else { throw stage.failure("no page is full", "the arena") }
        return bytes
    }
}
