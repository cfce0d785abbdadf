import Fibers
package import MemoryAccess
import Synchronization

// The machine
//
// Memory
//   Every shared word keeps all its stores, in the order in which they took effect. An agent has a view: of each word the
//   oldest store that it may still read. A relaxed load reads any store from there on, and raises the view of that word. A
//   releasing store carries its agent's knowledge, and an acquiring load that reads it takes it over. A read-modify-write reads
//   the newest store, and carries on what that one carried (a release sequence); a compare-and-exchange that fails is a load.
//   A releasing fence lends its knowledge to the relaxed stores behind it. Sequentially consistent fences hand on views from
//   one to the next. That is C11's model (Batty et al., POPL 2011, as repaired by Lahav et al., PLDI 2017), simpler in two
//   ways: the stores of a word take effect in the order in which they are made, and no load reads a store that comes later.
//
//   Plain accesses are not steps: they are checked by vector clocks (Flanagan and Freund, FastTrack, PLDI 2009), at every
//   eighth byte. One that nothing orders after another agent's is a race, whichever way the run went, and is reported. The bytes
//   themselves are the real ones.
//
// Agents
//   Each runs on a stack of its own and stops in front of each access to a shared word; the search decides who goes on, and
//   what a load reads. Agent 0 is who prepares a run, and who looks at what is left after it.

/// Runs a program's agents one at a time, each access as the search decides. One run at a time in a process.
package final class Machine {
    static let maximumAgents = 6

    /// The one that runs.
    nonisolated(unsafe) static var current: Machine!

    /// Made once: its memory is used again.
    nonisolated(unsafe) static let shared = Machine()

    struct Agent {
        var name = ""
        var body: (() -> Void)?
        var hasEnded = true
        var pending = Operation.none
        /// Waits for a write to what it has read, or for all others to wait.
        var isPaused = false
        /// Sleeps until somebody wakes this word.
        var sleepsOn = -1
        /// What came before, in the run, and has to.
        var before = SIMD8<UInt16>()
        /// Words read since the last pause.
        var looked: (UInt64, UInt64) = (0, 0)
        var steps = 0
        var hasUnacquired = false
    }

    let agents: UnsafeMutablePointer<Agent>
    private(set) var agentCount = 1
    /// Who executes.
    private(set) var running = 0
    private let fibers: UnsafeMutablePointer<fiber>

    let knowledge: [Knowledge]
    /// What each agent knew at its last releasing fence.
    let fenceKnowledge: UnsafeMutablePointer<Knowledge?>
    /// Whether light fences are fences, as where no system call makes them so.
    var hasEqualFences = false
    private let unacquired: [Knowledge]
    private let fenced = Knowledge.allocateKnowledge()

    private static let poolRows = 16384
    private let pool = Knowledge.allocateKnowledge(poolRows)
    private var poolCount = 0

    var table = AddressTable(capacity: 512)
    let words: UnsafeMutablePointer<WordState>
    private var wordCount: Int { table.count }

    var cells = AddressTable(capacity: 1 << 14)
    let cellStates: UnsafeMutablePointer<CellState>

    /// Who decides.
    var search: Search!

    /// What went wrong, in the order in which it did.
    package private(set) var problems: [String] = []
    /// Each step in words, where that is asked for.
    var log: [String]?

    package init() {
        agents = .allocate(capacity: Self.maximumAgents)
        agents.initialize(repeating: Agent(), count: Self.maximumAgents)
        fibers = .allocate(capacity: Self.maximumAgents)
        fibers.initialize(to: fiber(stack_pointer: nil, stack: UnsafeMutableRawPointer(agents), byte_count: 0))
        for number in 1..<Self.maximumAgents { (fibers + number).initialize(to: fiber_make(256 << 10)) }
        knowledge = (0..<Self.maximumAgents).map { _ in .allocateKnowledge() }
        fenceKnowledge = .allocate(capacity: Self.maximumAgents)
        fenceKnowledge.initialize(repeating: nil, count: Self.maximumAgents)
        unacquired = (0..<Self.maximumAgents).map { _ in .allocateKnowledge() }
        words = .allocate(capacity: KnowledgeLayout.words)
        for number in 0..<KnowledgeLayout.words { (words + number).initialize(to: WordState()) }
        cellStates = .allocate(capacity: 1 << 13)
        cellStates.initialize(repeating: CellState(), count: 1 << 13)
    }

    package func report(_ problem: String) { if problems.count < 4 { problems.append(problem) } }

    // MARK: A run

    func begin() {
        Self.current = self
        problems = []
        if log != nil { log = [] }
        table.removeAll()
        cells.removeAll()
        poolCount = 0
        fenced.clear()
        for number in 0..<Self.maximumAgents {
            agents[number] = Agent()
            knowledge[number].clear()
            fenceKnowledge[number] = nil
            for clock in 0..<KnowledgeLayout.clocks { knowledge[number][clock] = 1 }
        }
        agents[0].name = "main"
        agents[0].hasEnded = false
        agentCount = 1
        running = 0
    }

    /// Runs the bodies to their ends. Their creation and their end order as threads' do.
    func run(_ bodies: [(name: String, body: () -> Void)]) {
        precondition(bodies.count < Self.maximumAgents, "at most \(Self.maximumAgents - 1) threads")
        agentCount = bodies.count + 1
        tick(0)
        for (index, thread) in bodies.enumerated() {
            let number = index + 1
            knowledge[number].copy(knowledge[0])
            agents[number].name = thread.name
            agents[number].body = thread.body
            agents[number].hasEnded = false
            tick(number)
        }
        for number in 1..<agentCount {
            fiber_start(fibers + number, Self.enter, UnsafeMutableRawPointer(bitPattern: number))
            resume(number)
        }
        while let next = search.nextAgent(self) {
            agents[next].isPaused = false
            resume(next)
        }
        for number in 1..<agentCount { knowledge[0].join(knowledge[number], words: wordCount) }
    }

    private static let enter: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
        let machine = Machine.current!
        let number = Int(bitPattern: context)
        machine.agents[number].body!()
        machine.agents[number].body = nil
        machine.agents[number].hasEnded = true
        machine.agents[number].pending = .none
        machine.leave()
        fatalError("an agent that has ended goes on")
    }

    private func resume(_ number: Int) {
        running = number
        fiber_switch(fibers, fibers + number)
        running = 0
    }

    private func leave() { fiber_switch(fibers + running, fibers) }

    /// Stops in front of an operation until the search says so.
    @inline(__always)
    private func step(_ operation: Operation) -> Int {
        let agent = running
        guard agent != 0 else { return 0 }
        agents[agent].pending = operation
        leave()
        return agent
    }

    /// Bit n: agent n can go on.
    var enabled: UInt8 {
        var mask: UInt8 = 0
        for number in 1..<agentCount
        where !agents[number].hasEnded && !agents[number].isPaused && agents[number].sleepsOn < 0 {
            mask |= 1 << UInt8(number)
        }
        return mask
    }

    var haveAllEnded: Bool { (1..<agentCount).allSatisfy { agents[$0].hasEnded } }

    var sleepers: String {
        (1..<agentCount).filter { agents[$0].sleepsOn >= 0 }.map { agents[$0].name }.joined(separator: ", ")
    }

    /// Lets those go on who only gave way. False where there are none.
    func endPauses() -> Bool {
        var any = false
        for number in 1..<agentCount where agents[number].isPaused {
            agents[number].isPaused = false
            any = true
        }
        return any
    }

    /// Who sleeps, in a run that is only to come to its end.
    func endSleeps() {
        for number in 1..<agentCount { agents[number].sleepsOn = -1 }
    }

    @inline(__always)
    private func tick(_ agent: Int) { knowledge[agent][agent] += 1 }

    private func note(_ agent: Int, _ text: @autoclosure () -> String) {
        if log != nil { log!.append("\(agents[agent].name): \(text())") }
    }

    // MARK: Shared words

    /// Two stores to one of these have to be ordered by something: the machine would let them take effect in the order in which
    /// they are made, and C11 may not.
    package func requireOrder(of words: [SharedWord]) {
        for word in words { self.words[number(word)].isExclusive = true }
    }

    @inline(__always)
    private func number(_ word: SharedWord) -> Int {
        let (number, isNew) = table.number(UInt(bitPattern: word))
        if isNew { words[number].reset(word.pointee.load(ordering: .relaxed)) }
        return number
    }

    @inline(__always)
    private func access(_ word: Int, _ agent: Int) {
        if words[word].isFreed { report("\(agents[agent].name) accesses a word that was freed") }
        words[word].accessed[agent] = knowledge[agent][agent]
    }

    private func row() -> Knowledge {
        precondition(poolCount < Self.poolRows, "more than \(Self.poolRows) releases in a run")
        poolCount += 1
        return pool + (poolCount - 1) * KnowledgeLayout.count
    }

    func load(_ word: SharedWord, acquires: Bool) -> UInt64 {
        let number = number(word)
        let agent = step(Operation(kind: .load, word: number))
        access(number, agent)
        let oldest = max(Int(knowledge[agent].view[number]), agent == 0 ? 0 : search.firstFreshStore(of: agent))
        let newest = words[number].count - 1
        let index = agent == 0 ? newest : newest - search.choose(newest - oldest + 1)
        knowledge[agent].view[number] = UInt16(index)
        look(agent, number)
        let store = words[number].stores[index]
        read(store, acquires: acquires, by: agent)
        if agent != 0 { search.didLoad(self, agent, number, from: store) }
        note(agent, "\(acquires ? "acquire" : "load") w\(number)[\(index) of \(newest)] = \(store.value)")
        return store.value
    }

    /// The value of an agent's own word, which nobody else writes: no step.
    func loadOwn(_ word: SharedWord) -> UInt64 {
        let number = number(word)
        let agent = running
        access(number, agent)
        let newest = words[number].count - 1
        if Int(knowledge[agent].view[number]) != newest {
            report("\(agents[agent].name) takes a word for its own that another one has written")
        }
        return words[number].stores[newest].value
    }

    @inline(__always)
    private func look(_ agent: Int, _ word: Int) {
        if word < 64 { agents[agent].looked.0 |= 1 << UInt64(word) } else { agents[agent].looked.1 |= 1 << UInt64(word - 64) }
    }

    @inline(__always)
    private func read(_ store: Store, acquires: Bool, by agent: Int) {
        guard let carried = store.carried else { return }
        if acquires {
            knowledge[agent].join(carried, words: wordCount)
        } else {
            if !agents[agent].hasUnacquired { unacquired[agent].clear() }
            unacquired[agent].join(carried, words: wordCount)
            agents[agent].hasUnacquired = true
        }
    }

    func store(_ value: UInt64, to word: SharedWord, releases: Bool) {
        let number = number(word)
        let agent = step(Operation(kind: .write, word: number))
        access(number, agent)
        put(value, number, agent, releases: releases, onto: nil)
        note(agent, "\(releases ? "release" : "store") w\(number)[\(words[number].count - 1)] = \(value)")
        word.pointee.store(value, ordering: .relaxed)
        if agent != 0 { didWrite(agent, number) }
    }

    /// Makes a store the newest of its word.
    ///
    /// - Parameter old: what a read-modify-write read, whose release sequence goes on.
    private func put(_ value: UInt64, _ number: Int, _ agent: Int, releases: Bool, onto old: Store?) {
        precondition(words[number].count < WordState.maximumStores, "too many stores to one word")
        knowledge[agent].view[number] = UInt16(words[number].count)
        var carried: Knowledge?
        let lent = releases ? knowledge[agent] : fenceKnowledge[agent]
        if let lent {
            let row = row()
            row.copy(lent)
            // A reader of this store may not read older ones.
            row.view[number] = UInt16(words[number].count)
            if let more = old?.carried { row.join(more, words: wordCount) }
            carried = row
        } else if let more = old?.carried {
            let row = row()
            row.copy(more)
            row.view[number] = UInt16(words[number].count)
            carried = row
        }
        if words[number].isExclusive {
            let (writer, epoch) = words[number].lastStore
            if writer != agent, epoch > knowledge[agent][writer] {
                report("race: \(agents[agent].name) stores to a word that \(agents[writer].name) is storing to")
            }
        }
        words[number].lastStore = (agent, knowledge[agent][agent])
        words[number].stores[words[number].count] = Store(value: value, carried: carried, step: search.position)
        words[number].count += 1
        if lent != nil { tick(agent) }
    }

    /// Those who wait for a write to this word need not wait any longer.
    private func didWrite(_ agent: Int, _ number: Int) {
        search.didWrite(self, agent, number)
        for other in 1..<agentCount where agents[other].isPaused {
            let looked = agents[other].looked
            guard (number < 64 ? looked.0 >> UInt64(number) : looked.1 >> UInt64(number - 64)) & 1 != 0 else { continue }
            agents[other].isPaused = false
            agents[other].before = pointwiseMax(agents[other].before, agents[agent].before)
        }
    }

    /// - Parameter change: the new value.
    /// - Returns: the old value.
    func modify(
        _ word: SharedWord, _ order: ModificationOrder, _ change: (UInt64) -> UInt64
    ) -> UInt64 {
        let number = number(word)
        let agent = step(Operation(kind: .write, word: number))
        access(number, agent)
        look(agent, number)
        let old = words[number].stores[words[number].count - 1]
        read(old, acquires: order.acquires, by: agent)
        let value = change(old.value)
        put(value, number, agent, releases: order.releases, onto: old)
        note(agent, "modify w\(number)[\(words[number].count - 1)] = \(value), was \(old.value)")
        word.pointee.store(value, ordering: .relaxed)
        if agent != 0 { didWrite(agent, number) }
        return old.value
    }

    func compareExchange(
        _ expected: UInt64, with desired: UInt64, in word: SharedWord, _ order: ModificationOrder
    ) -> Bool {
        let number = number(word)
        let agent = step(Operation(kind: .write, word: number))
        access(number, agent)
        look(agent, number)
        let newest = words[number].count - 1
        let old = words[number].stores[newest]
        let oldest = Int(knowledge[agent].view[number])
        // It succeeds on the newest store, or fails on any that it may still see and that has another value.
        var failures = 0
        for index in oldest...newest where words[number].stores[index].value != expected { failures += 1 }
        let canSucceed = old.value == expected
        let chosen = agent == 0 ? 0 : search.choose(failures + (canSucceed ? 1 : 0))
        if canSucceed, chosen == 0 {
            read(old, acquires: order.acquires, by: agent)
            put(desired, number, agent, releases: order.releases, onto: old)
            note(agent, "exchange w\(number)[\(newest + 1)] = \(desired), was \(expected)")
            word.pointee.store(desired, ordering: .relaxed)
            if agent != 0 { didWrite(agent, number) }
            return true
        }
        var left = chosen - (canSucceed ? 1 : 0)
        var index = newest
        while words[number].stores[index].value == expected || left > 0 {
            if words[number].stores[index].value != expected { left -= 1 }
            index -= 1
        }
        knowledge[agent].view[number] = UInt16(index)
        let seen = words[number].stores[index]
        read(seen, acquires: order.acquires, by: agent)
        if agent != 0 { search.didWrite(self, agent, number) }
        note(agent, "exchange w\(number) fails on [\(index) of \(newest)] = \(seen.value), wants \(expected)")
        return false
    }

    // MARK: Fences, waiting

    func fence() {
        let agent = step(Operation(kind: .fence, word: -1))
        order(agent)
        if agent != 0 { search.didFence(self, agent, isHeavy: false) }
        note(agent, "fence")
    }

    /// What a sequentially consistent fence does for an agent.
    private func order(_ agent: Int) {
        if agents[agent].hasUnacquired {
            knowledge[agent].join(unacquired[agent], words: wordCount)
            agents[agent].hasUnacquired = false
        }
        fenced.joinView(knowledge[agent], words: wordCount)
        knowledge[agent].joinView(fenced, words: wordCount)
        releaseFence(agent)
    }

    func lightFence() { if hasEqualFences { fence() } }

    func heavyFence() {
        if hasEqualFences { return fence() }
        let agent = step(Operation(kind: .heavyFence, word: -1))
        for other in 1..<agentCount { fenced.joinView(knowledge[other], words: wordCount) }
        order(agent)
        for other in 1..<agentCount { knowledge[other].joinView(fenced, words: wordCount) }
        if agent != 0 { search.didFence(self, agent, isHeavy: true) }
        note(agent, "heavy fence")
    }

    func releaseFence() { releaseFence(running) }

    /// A step in front of a look at plain memory that others may be writing to.
    func lookStep() {
        let agent = step(Operation(kind: .heavyFence, word: -1))
        if agent != 0 { search.didFence(self, agent, isHeavy: true) }
        note(agent, "look")
    }

    private func releaseFence(_ agent: Int) {
        let row = row()
        row.copy(knowledge[agent])
        fenceKnowledge[agent] = row
        tick(agent)
    }

    /// Gives way: until something that it read has changed, or all others wait, too. What it looks at next is not older than
    /// what is there now: no store stays hidden for ever.
    func pause() {
        let agent = running
        guard agent != 0 else { return }
        _ = step(Operation(kind: .pause, word: -1))
        var isStale = false
        for number in 0..<wordCount {
            guard (number < 64 ? agents[agent].looked.0 >> UInt64(number) : agents[agent].looked.1 >> UInt64(number - 64)) & 1 != 0
            else { continue }
            let newest = UInt16(words[number].count - 1)
            if knowledge[agent].view[number] < newest {
                knowledge[agent].view[number] = newest
                isStale = true
            }
        }
        note(agent, "pause")
        search.didPause(self, agent)
        agents[agent].isPaused = !isStale
        if !isStale {
            // Comes back when the search lets it.
            leave()
        }
        agents[agent].looked = (0, 0)
    }

    func sleep(on word: SharedWord, while value: UInt32) {
        let number = number(word)
        let agent = step(Operation(kind: .write, word: number))
        access(number, agent)
        let newest = words[number].count - 1
        // The system's own look is ordered with everything.
        knowledge[agent].view[number] = UInt16(newest)
        let found = UInt32(truncatingIfNeeded: words[number].stores[newest].value)
        note(agent, "sleep on w\(number) = \(found), while \(value)")
        if agent != 0 { search.didWrite(self, agent, number) }
        guard found == value, agent != 0 else { return }
        agents[agent].sleepsOn = number
        leave()
    }

    func wake(_ word: SharedWord, all: Bool) {
        let number = number(word)
        let agent = step(Operation(kind: .write, word: number))
        access(number, agent)
        note(agent, "wake w\(number)")
        if agent != 0 { search.didWrite(self, agent, number) }
        for other in 1..<agentCount where agents[other].sleepsOn == number {
            agents[other].sleepsOn = -1
            agents[other].before = pointwiseMax(agents[other].before, agents[agent].before)
            if !all { return }
        }
    }
}
