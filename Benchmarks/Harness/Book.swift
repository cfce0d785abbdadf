/// The samples of a run, kept apart by contender and by regime.
struct Book {
    private let contenders: [Contender]
    private var entries: [Entry]
    private var failures: [Int: Session.Failure] = [:]
    /// Allocations per operation, by contender.
    var allocations: [Int: Double] = [:]
    /// Two-thread samples thrown away because the regime changed while they ran.
    var discarded = 0

    private struct Entry {
        /// Invariant: samples of different distances never share an array. Otherwise a median would mix them.
        var bins: [Distance?: Bin] = [:]
        var counts: [String: Int]?
    }

    private struct Bin {
        var values: [Double] = []
        var canaries: [Double] = []
    }

    init(_ contenders: [Contender]) {
        self.contenders = contenders
        entries = Array(repeating: Entry(), count: contenders.count)
    }

    func hasFailed(_ index: Int) -> Bool { failures[index] != nil }

    mutating func fail(_ index: Int, _ error: any Error, seed: UInt64) {
        let what = (error as? VerificationFailure).map { "\($0.what) at \($0.location)" } ?? "\(error)"
        let seed = (error as? VerificationFailure)?.seed ?? seed
        failures[index] = Session.Failure(contender: contenders[index].name, what: what, seed: seed)
    }

    mutating func record(_ taken: Session.Taken, of index: Int) {
        guard let sample = taken.sample else { return }
        let distance = taken.canary.map(Distance.init)
        entries[index].bins[distance, default: Bin()].values.append(sample.value)
        if let canary = taken.canary { entries[index].bins[distance, default: Bin()].canaries.append(canary.line) }
        entries[index].counts = sample.counts
    }

    /// Rows of all contenders that have samples and never failed.
    func outcome(rounds: Int) -> Session.Outcome {
        var rows: [Row] = []
        for (index, contender) in contenders.enumerated() where !hasFailed(index) {
            let entry = entries[index]
            for distance in [nil] + Distance.all {
                guard let bin = entry.bins[distance], let spread = Spread(bin.values) else { continue }
                var row = contender.row(spread)
                row.regime = distance?.regime
                if distance?.isClose == true { row.parameters[Distance.closeLabel.key] = Distance.closeLabel.value }
                row.canaryNs = Spread(bin.canaries)?.median
                row.allocationsPerOperation = allocations[index]
                row.counts = entry.counts
                rows.append(row)
            }
        }
        let canaries = entries.flatMap { $0.bins.values.flatMap(\.canaries) }
        return Session.Outcome(
            rows: rows, failures: failures.sorted { $0.key < $1.key }.map(\.value),
            floor: Floor(rows: rows, canaries: canaries), contenders: contenders.count, rounds: rounds,
            discarded: discarded)
    }
}

extension Contender {
    fileprivate func row(_ spread: Spread) -> Row {
        var labelled = parameters
        if isOversubscribed { labelled["oversubscribed"] = "yes" }
        return Row(
            suite: suite, case: `case`, strategy: strategy, origin: origin, parameters: labelled, unit: unit,
            better: better, spread: spread)
    }
}

extension Floor {
    /// - Parameter canaries: of all samples of the run.
    init(rows: [Row], canaries: [Double]) {
        func median(_ floor: FloorCase) -> Double? {
            let rows = rows.filter { $0.origin == .floor && $0.case == floor.rawValue }
            return rows.max { $0.spread.count < $1.spread.count }?.spread.median
        }
        let byRegime = Dictionary(grouping: canaries, by: Regime.init(canary:))
        let usual = byRegime.values.max { $0.count < $1.count }
        self.init(
            clockReadNs: median(.clockRead), store16Ns: median(.store16),
            pingPongNs: usual.flatMap { Spread($0)?.median }, streamGBps: median(.stream))
    }
}
