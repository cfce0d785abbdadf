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
        /// Whether an old store may be looked at again behind the next pause.
        var mayLookAgain = true
        var steps = 0
        var hasUnacquired = false

        @inline(__always)
        mutating func look(at word: Int) {
            if word < 64 { looked.0 |= 1 << UInt64(word) } else { looked.1 |= 1 << UInt64(word - 64) }
        }

        func hasLooked(at word: Int) -> Bool {
            (word < 64 ? looked.0 >> UInt64(word) : looked.1 >> UInt64(word - 64)) & 1 != 0
        }
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
    let unacquired: [Knowledge]
    let fenced = Knowledge.allocateKnowledge()

    static let poolRows = 16384
    let pool = Knowledge.allocateKnowledge(poolRows)
    var poolCount = 0

    var table = AddressTable(capacity: 512)
    let words: UnsafeMutablePointer<WordState>
    var wordCount: Int { table.count }

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

    func leave() { fiber_switch(fibers + running, fibers) }

    /// Stops in front of an operation until the search says so.
    @inline(__always)
    func step(_ operation: Operation) -> Int {
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
    func tick(_ agent: Int) { knowledge[agent][agent] += 1 }

    func note(_ agent: Int, _ text: @autoclosure () -> String) {
        if log != nil { log!.append("\(agents[agent].name): \(text())") }
    }
}
