internal import SeededNumbers

// The search
//
//   A run is a list of decisions: at each step which agent goes on and, where it loads, which store it reads. All runs that
//   differ in something that an agent can notice are made, one after another, each from its beginning: depth first, with
//   dynamic partial-order reduction (Flanagan and Godefroid, POPL 2005) and sleep sets (Godefroid, 1996).
//
//   Two steps of different agents are in a race where one affects the other and nothing else in the run orders them. For each
//   race, the later one is also tried in front of the earlier one, with all that has to come before it: source sets (Abdulla,
//   Aronis, Jonsson and Sagonas, POPL 2014). What orders: an agent's own steps; a write before all later steps that read it, and
//   before later writes to its word; a load before later writes; a write before who waited for it. A load that comes after a
//   write may read what was there before it, too: so that order covers the other, and is no race.

/// Decides who goes on and what is read, and makes each decision another time in another way.
package final class Search {
    enum Mode: Equatable {
        case everything
        /// Without any reduction: what the reduced search is held against.
        case everyOrder
        case random(seed: UInt64)
    }

    struct Step {
        var agent: UInt8 = 0
        var enabled: UInt8 = 0
        /// Agents to try here.
        var wanted: UInt8 = 0
        var done: UInt8 = 0
        /// Agents whose next step was tried before, and has the same effect here.
        var asleep: UInt8 = 0
        /// Of each agent whose next step is a load that was tried before: it has read all stores below this one.
        var fresh = SIMD8<UInt16>()
        var choice: UInt16 = 0
        var choices: UInt16 = 1
        var operation = Operation.none
        /// What came before, and itself: of each agent, how many of its steps.
        var before = SIMD8<UInt16>()
    }

    private static let maximumSteps = 8192
    private let steps = UnsafeMutablePointer<Step>.allocate(capacity: maximumSteps)
    /// Steps that are decided.
    private var depth = 0
    /// The step under way; -1 before the first.
    private(set) var position: Int32 = -1
    private let reduces: Bool
    private let isRandom: Bool
    private var random: SeededGenerator
    /// The rest of a run that leads nowhere new: it is brought to its end, since what is on the agents' stacks has to go.
    private var isDraining = false
    private(set) var wasCutOff = false
    /// A run without an end: what is on the agents' stacks stays.
    private(set) var isAbandoned = false
    private var drained = 0
    private var lastFence = SIMD8<Int32>(repeating: -1)
    private var fencedBefore = SIMD8<UInt16>()
    private var lastHeavy: Int32 = -1
    private var lastStep = SIMD8<Int32>(repeating: -1)
    /// More steps of one agent than that are taken for a loop without an end.
    let stepLimit: Int

    init(_ mode: Mode, stepLimit: Int) {
        self.stepLimit = stepLimit
        reduces = mode == .everything
        if case .random(let seed) = mode {
            (random, isRandom) = (SeededGenerator(seed: seed), true)
        } else {
            (random, isRandom) = (SeededGenerator(seed: 0), false)
        }
        steps.initialize(repeating: Step(), count: Self.maximumSteps)
    }

    deinit { steps.deallocate() }

    func begin() {
        position = -1
        isDraining = false
        wasCutOff = false
        isAbandoned = false
        drained = 0
        lastFence = SIMD8(repeating: -1)
        fencedBefore = SIMD8()
        lastHeavy = -1
        lastStep = SIMD8(repeating: -1)
    }

    /// Chooses the next run. False where all are done.
    func advance() -> Bool {
        guard !isRandom else { return true }
        while depth > 0 {
            let step = steps + (depth - 1)
            if step.pointee.choice + 1 < step.pointee.choices {
                step.pointee.choice += 1
                return true
            }
            step.pointee.done |= 1 << step.pointee.agent
            let left = step.pointee.wanted & ~step.pointee.done & ~step.pointee.asleep & step.pointee.enabled
            if left != 0 {
                step.pointee.agent = UInt8(left.trailingZeroBitCount)
                step.pointee.choice = 0
                step.pointee.choices = 1
                return true
            }
            depth -= 1
        }
        return false
    }

    /// The decisions of the last run, to be made again.
    var schedule: [Int] {
        (0..<Int(position + 1)).map { Int(steps[$0].agent) * 1000 + Int(steps[$0].choice) }
    }

    // MARK: During a run

    /// Who goes on, or nil at the end of the run.
    func nextAgent(_ machine: Machine) -> Int? {
        if isAbandoned { return nil }
        var enabled = machine.enabled
        while enabled == 0 {
            if machine.haveAllEnded { return nil }
            if machine.endPauses() {
                enabled = machine.enabled
            } else {
                if !isDraining { machine.report("all wait: \(machine.sleepers)") }
                isDraining = true
                machine.endSleeps()
                enabled = machine.enabled
            }
        }
        if isDraining {
            drained += 1
            // Another one each time: who spins waits for others.
            return drained > 16 * stepLimit ? nil : pickInTurn(enabled)
        }
        position += 1
        let here = Int(position)
        precondition(here < Self.maximumSteps, "a run of more than \(Self.maximumSteps) steps")
        if !isRandom {
            if here == depth, !decide(here, enabled, machine) {
                position -= 1
                isDraining = true
                wasCutOff = true
                return pickInTurn(enabled)
            }
        } else {
            steps[here] = Step()
            steps[here].agent = pick(enabled, here)
        }
        let agent = Int(steps[here].agent)
        steps[here].operation = machine.agents[agent].pending
        machine.agents[agent].steps += 1
        if machine.agents[agent].steps > stepLimit {
            machine.report("\(machine.agents[agent].name) goes on for ever")
            isAbandoned = true
            return nil
        }
        return agent
    }

    /// A new step: false where all who could go on would do what was tried before.
    private func decide(_ here: Int, _ enabled: UInt8, _ machine: Machine) -> Bool {
        var step = Step()
        step.enabled = enabled
        var preferred = 0
        if here > 0, reduces {
            preferred = Int(steps[here - 1].agent)
            keepAsleep(&step, behind: steps[here - 1], machine)
        }
        let free = enabled & ~step.asleep
        guard free != 0 else { return false }
        step.agent = free >> UInt8(preferred) & 1 != 0 ? UInt8(preferred) : UInt8(free.trailingZeroBitCount)
        step.wanted = reduces ? 1 << step.agent : enabled
        steps[here] = step
        depth = here + 1
        return true
    }

    /// An agent whose step was tried in front of the last one need not be tried behind it, unless that one affects it. A load
    /// that was tried has only to read what it could not read then.
    private func keepAsleep(_ step: inout Step, behind last: Step, _ machine: Machine) {
        for agent in 1..<machine.agentCount where agent != Int(last.agent) {
            let bit = UInt8(1) << UInt8(agent)
            let pending = machine.agents[agent].pending
            if pending.kind == .load {
                guard last.operation.kind != .heavyFence else { continue }
                var fresh = last.fresh[agent]
                let count = UInt16(machine.words[pending.word].count)
                if last.done & bit != 0 {
                    let isNew = last.operation.kind == .write && last.operation.word == pending.word
                    fresh = max(fresh, isNew ? count - 1 : count)
                }
                step.fresh[agent] = fresh
                if count <= fresh { step.asleep |= bit }
            } else if (last.asleep | last.done) & bit != 0, !last.operation.wakes(pending) {
                step.asleep |= bit
            }
        }
    }

    /// The first store that a load has to read here.
    func firstFreshStore(of agent: Int) -> Int {
        reduces && !isDraining ? Int(steps[Int(position)].fresh[agent]) : 0
    }

    /// Makes these decisions in the next run, and then any.
    func follow(_ schedule: [Int]) {
        for (index, decision) in schedule.enumerated() {
            steps[index] = Step()
            steps[index].agent = UInt8(decision / 1000)
            steps[index].choice = UInt16(decision % 1000)
        }
        depth = schedule.count
    }

    private func pickInTurn(_ enabled: UInt8) -> Int {
        for offset in 1...8 {
            let agent = (drained + offset) & 7
            if enabled >> UInt8(agent) & 1 != 0 { return agent }
        }
        fatalError("no agent is enabled")
    }

    private func pick(_ enabled: UInt8, _ here: Int) -> UInt8 {
        // Mostly straight on: switches at every step would never let one agent come far ahead.
        if here > 0, random.below(3) != 0, enabled >> steps[here - 1].agent & 1 != 0 { return steps[here - 1].agent }
        var left = random.below(enabled.nonzeroBitCount)
        for agent in 1..<8 as Range<UInt8> where enabled >> agent & 1 != 0 {
            if left == 0 { return agent }
            left -= 1
        }
        fatalError("no agent is enabled")
    }

    /// One of so many ways to go on; 0 is the newest store, or success.
    func choose(_ count: Int) -> Int {
        guard count > 1, !isDraining else { return 0 }
        let here = Int(position)
        if !isRandom {
            steps[here].choices = UInt16(count)
            return Int(steps[here].choice)
        }
        let choice = random.below(2) == 0 ? 0 : random.below(count)
        steps[here].choice = UInt16(choice)
        return choice
    }

    // MARK: What orders, and races

    func didLoad(_ machine: Machine, _ agent: Int, _ word: Int, from store: Store) {
        guard reduces, !isDraining else { return }
        open(machine, agent)
        if store.step >= 0 {
            machine.agents[agent].before = pointwiseMax(machine.agents[agent].before, steps[Int(store.step)].before)
        }
        machine.words[word].loads[agent] = position
        machine.words[word].loadsBefore = pointwiseMax(machine.words[word].loadsBefore, machine.agents[agent].before)
        close(machine, agent)
    }

    func didWrite(_ machine: Machine, _ agent: Int, _ word: Int) {
        guard reduces, !isDraining else { return }
        let state = machine.words[word]
        let before = pointwiseMax(pointwiseMax(machine.agents[agent].before, state.loadsBefore), state.writeBefore)
        race(machine, agent, with: state.lastWrite, behind: before)
        for other in 1..<machine.agentCount where other != agent {
            race(machine, agent, with: state.loads[other], behind: before)
        }
        open(machine, agent)
        machine.agents[agent].before = pointwiseMax(machine.agents[agent].before, before)
        machine.words[word].lastWrite = position
        machine.words[word].writeBefore = machine.agents[agent].before
        machine.words[word].loads = SIMD8(repeating: -1)
        machine.words[word].loadsBefore = SIMD8()
        close(machine, agent)
    }

    func didFence(_ machine: Machine, _ agent: Int, isHeavy: Bool) {
        guard reduces, !isDraining else { return }
        var before = pointwiseMax(machine.agents[agent].before, fencedBefore)
        if isHeavy {
            for other in 1..<machine.agentCount { before = pointwiseMax(before, machine.agents[other].before) }
        }
        for other in 1..<machine.agentCount where other != agent {
            race(machine, agent, with: isHeavy ? lastStep[other] : lastFence[other], behind: before)
        }
        open(machine, agent)
        if isHeavy { lastHeavy = position }
        machine.agents[agent].before = pointwiseMax(machine.agents[agent].before, before)
        fencedBefore = pointwiseMax(fencedBefore, machine.agents[agent].before)
        lastFence[agent] = position
        close(machine, agent)
    }

    func didPause(_ machine: Machine, _ agent: Int) {
        guard reduces, !isDraining else { return }
        open(machine, agent, isPause: true)
        close(machine, agent)
    }

    private func open(_ machine: Machine, _ agent: Int, isPause: Bool = false) {
        if lastHeavy >= 0, !isPause {
            let before = pointwiseMax(machine.agents[agent].before, steps[Int(lastHeavy)].before)
            race(machine, agent, with: lastHeavy, behind: before)
            machine.agents[agent].before = before
        }
        machine.agents[agent].before[agent] += 1
    }

    private func close(_ machine: Machine, _ agent: Int) {
        steps[Int(position)].before = machine.agents[agent].before
        if steps[Int(position)].operation.kind != .pause { lastStep[agent] = position }
    }

    /// The step of `agent` under way may be in a race with an earlier one. Then a run is wanted in which it, and what has to
    /// come before it, comes first: it begins with one of those steps that have nothing of the kind before them (initials).
    ///
    /// - Parameter before: what comes before the step under way, the earlier one of the race included.
    private func race(_ machine: Machine, _ agent: Int, with earlier: Int32, behind before: SIMD8<UInt16>) {
        guard earlier >= 0 else { return }
        let step = steps + Int(earlier)
        let other = Int(step.pointee.agent)
        guard other != agent, machine.agents[agent].before[other] < step.pointee.before[other] else { return }
        let initials = initials(behind: Int(earlier), agent, before) & step.pointee.enabled
        guard initials & step.pointee.wanted == 0 else { return }
        step.pointee.wanted |= initials != 0 ? initials & ~(initials - 1) : step.pointee.enabled
    }

    /// Of the steps since `earlier` that it does not come before, and the one under way: the agents whose first one has none of
    /// the others' before it.
    private func initials(behind earlier: Int, _ agent: Int, _ before: SIMD8<UInt16>) -> UInt8 {
        let race = steps[earlier]
        // Of each agent, the number of its first such step.
        var first = SIMD8<UInt16>(repeating: .max)
        var seen: UInt8 = 0
        var initials: UInt8 = 0
        func add(_ number: Int, _ before: SIMD8<UInt16>, _ own: UInt16) {
            let bit = UInt8(1) << UInt8(number)
            guard seen & bit == 0 else { return }
            if !any(before .>= first) { initials |= bit }
            seen |= bit
            first[number] = own
        }
        for index in earlier + 1..<Int(position) {
            let step = steps[index]
            guard step.before[Int(race.agent)] < race.before[Int(race.agent)] else { continue }
            add(Int(step.agent), step.before, step.before[Int(step.agent)])
        }
        add(agent, before, .max)
        return initials
    }
}
