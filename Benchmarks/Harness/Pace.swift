/// How long a session may take.
public struct Budget: Sendable {
    public var seconds: Double
    /// Counted rounds that are made in any case, however long they take.
    public var minimumRounds: Int
    /// Counted rounds after which more would add nothing.
    public var maximumRounds: Int

    public init(seconds: Double, minimumRounds: Int, maximumRounds: Int) {
        self.seconds = seconds
        self.minimumRounds = minimumRounds
        self.maximumRounds = maximumRounds
    }

    public init(_ effort: Effort) {
        switch effort {
        case .quick: self.init(seconds: 60, minimumRounds: 3, maximumRounds: 15)
        case .standard: self.init(seconds: 130, minimumRounds: 5, maximumRounds: 60)
        case .full: self.init(seconds: 840, minimumRounds: 5, maximumRounds: 400)
        }
    }
}

/// Decides whether there is time for another round. Rounds are never cut short: all contenders get equally many
/// samples.
struct Pace {
    private let budget: Budget
    private let now: () -> Double
    private let start: Double
    private var roundStart: Double
    private var firstCounted: Double?
    /// -1 before the warm-up.
    private var round = -1

    /// - Parameter now: seconds.
    init(budget: Budget, now: @escaping () -> Double = { Double(Ticks.systemNanoseconds()) / 1e9 }) {
        self.budget = budget
        self.now = now
        start = now()
        roundStart = start
    }

    var finishedRounds: Int { max(round, 0) }

    /// The number of the round to run now, 0 for the warm-up; nil when the run is over.
    mutating func nextRound() -> Int? {
        let instant = now()
        if round >= 0 {
            let affordable = round < budget.minimumRounds || instant - start + duration(at: instant) <= budget.seconds
            guard round < budget.maximumRounds, affordable else { return nil }
        }
        round += 1
        roundStart = instant
        if round == 1 { firstCounted = instant }
        return round
    }

    func progress(_ contender: String, position: Int, of count: Int) -> Session.Progress {
        let instant = now()
        let elapsed = instant - start
        let share = Double(position) / Double(max(count, 1))
        var duration = duration(at: roundStart)
        if round == 0 { duration = share > 0 ? elapsed / share : 0 }
        guard duration > 0 else {
            return Session.Progress(
                round: round, rounds: budget.maximumRounds, contender: contender, fraction: 0, remainingSeconds: nil)
        }
        let affordable = Int((budget.seconds - (roundStart - start)) / duration)
        let rounds = max(
            round, min(max(max(round - 1, 0) + affordable, budget.minimumRounds), budget.maximumRounds))
        let left = (Double(rounds - round) + 1 - share) * duration
        return Session.Progress(
            round: round, rounds: rounds, contender: contender, fraction: elapsed / (elapsed + left),
            remainingSeconds: left)
    }

    /// Mean of the counted rounds before `instant`, or the warm-up's while there are none.
    private func duration(at instant: Double) -> Double {
        guard let firstCounted, instant > firstCounted else { return roundStart - start > 0 ? roundStart - start : 0 }
        let finished = instant == roundStart ? round - 1 : round
        return (instant - firstCounted) / Double(max(finished, 1))
    }
}
