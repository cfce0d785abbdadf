import Harness

/// The scans of this package's own format. Traces are made by the first sample that needs them.
struct NativeContenders {
    let seed: UInt64

    func all() -> [Contender] {
        let one = trace(.oneArgument, lanes: 8, pagesPerLane: 32)
        let mixed = trace(.mixed, lanes: 8, pagesPerLane: 32)
        let many = trace(.mixed, lanes: 8, pagesPerLane: 512)
        var contenders = [
            events("headers", many, count: { $0.batches.count }) { try $0.scanHeaders() },
            events("one-argument", one) { try $0.scanAll() },
            events("mixed", mixed) { try $0.scanAll() },
            events("id-and-time", mixed) { try $0.scanTimes() },
            events("cursor", mixed) { try $0.iterate() },
            read(one), read(mixed), read(many),
        ]
        for pages in [8, 64] {
            let trace = trace(.mixed, lanes: pages, pagesPerLane: 1)
            contenders.append(events("merged", trace) { try $0.scanMerged() })
            contenders.append(events("merged-records", trace) { try $0.iterateMerged() })
            contenders.append(read(trace))
        }
        return contenders
    }

    private func trace(_ mix: NativeTrace.Mix, lanes: Int, pagesPerLane: Int) -> LazyTrace {
        LazyTrace(mix: mix, lanes: lanes, pagesPerLane: pagesPerLane, seed: seed)
    }

    private func events(
        _ strategy: String, _ trace: LazyTrace, count: @escaping (NativeTrace) -> Int = { Int($0.sums.events) },
        _ pass: @escaping (NativeTrace) throws -> String?
    ) -> Contender {
        contender("native.events", strategy, .library, trace, .itemsPerSecond, count: count, pass)
    }

    /// A case of its own: a floor is not ranked with what it bounds.
    private func read(_ trace: LazyTrace) -> Contender {
        contender("native.read", "memory-read", .floor, trace, .gigabytesPerSecond, count: { $0.memory.count }) {
            $0.readAllWords()
            return nil
        }
    }

    private func contender(
        _ name: String, _ strategy: String, _ origin: Origin, _ lazy: LazyTrace, _ unit: ResultUnit,
        count: @escaping (NativeTrace) -> Int, _ pass: @escaping (NativeTrace) throws -> String?
    ) -> Contender {
        let repetitions = Repetitions()
        return Contender(
            suite: ScanSuite.name, case: name, strategy: strategy, origin: origin,
            parameters: ["mix": .string(lazy.mix.rawValue), "pages": .int(lazy.lanes * lazy.pagesPerLane)], unit: unit
        ) { context in
            let trace = lazy.trace
            let seed = context.seed
            return try context.time(operations: count(trace), repeating: repetitions) {
                if let wrong = try pass(trace) { throw VerificationFailure(wrong, at: "all pages", seed: seed) }
            }
        }
    }
}

private final class LazyTrace {
    let mix: NativeTrace.Mix
    let lanes: Int
    let pagesPerLane: Int
    private let seed: UInt64
    private(set) lazy var trace = NativeTrace(mix, lanes: lanes, pagesPerLane: pagesPerLane, seed: seed)

    init(mix: NativeTrace.Mix, lanes: Int, pagesPerLane: Int, seed: UInt64) {
        self.mix = mix
        self.lanes = lanes
        self.pagesPerLane = pagesPerLane
        self.seed = seed
    }
}
