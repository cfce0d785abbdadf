import Foundation
import MemoryAccess
import Synchronization
import TraceCore

/// A machine that runs one of its threads at a time, switches at the accesses that the seed chooses, and remembers what each
/// thread knows: so it shows what C11 allows, not what one processor does.
///
/// Every shared word keeps all its stores, in order. A thread has a view: of each word the oldest store that it may still
/// read. A relaxed load reads any store from there on, as the seed decides, and raises the view of that word. A releasing
/// store carries its thread's view and clock, and an acquiring load that reads it takes them over. A read-modify-write reads
/// the newest store, and carries on what that one carried.
///
/// Plain accesses are checked by vector clocks, at each byte whose address 8 divides: one that nothing orders after another
/// thread's is a race, and is reported in ``problems``. The bytes themselves are the real ones.
///
/// Simpler than C11 in two ways: stores take effect at once in one order a word, and no load reads a store that comes later.
final class ModelledMachine: @unchecked Sendable {
    struct Knowledge {
        var view: [Int] = []
        var clock: [UInt32]

        mutating func join(_ other: Knowledge) {
            if other.view.count > view.count {
                view += [Int](repeating: 0, count: other.view.count - view.count)
            }
            for index in other.view.indices where other.view[index] > view[index] { view[index] = other.view[index] }
            for index in clock.indices where other.clock[index] > clock[index] { clock[index] = other.clock[index] }
        }
    }

    struct Store {
        var value: UInt64
        /// What an acquiring load takes over.
        var carried: Knowledge?
    }

    final class Agent: @unchecked Sendable {
        let number: Int
        let name: String
        unowned let machine: ModelledMachine
        var knowledge: Knowledge
        let turn = Turn()
        var accesses = 0
        /// Runs in front of the access of this number, as a signal handler does.
        var interruption: (access: Int, body: () -> Void)?

        init(_ number: Int, _ name: String, of machine: ModelledMachine, _ knowledge: Knowledge) {
            self.number = number
            self.name = name
            self.machine = machine
            self.knowledge = knowledge
        }
    }

    private struct Byte {
        var writer = 0
        var written: UInt32 = 0
        var read: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0)
    }

    static let maximumAgents = 5

    private var numbers: [SharedWord: Int] = [:]
    private var stores: [[Store]] = []
    private var bytes: [UInt: Byte] = [:]
    var random: SeededGenerator
    /// The instant of the last event: later than every lane's begin.
    var ticks = Stamp.now.ticks + (1 << 40)
    /// One access in so many is followed by another thread's.
    private let switchRate: Int
    private enum Choice { case any, oldest, oldestOfSomeWords }

    /// So many loads in eight may be stale ones, and how stale: of some words always, of others never, is what shows that
    /// one word was ordered by another.
    private let staleness: (eighths: Int, choice: Choice)
    private let seed: UInt64
    private var running: [Agent] = []
    private let allEnded = Turn()
    private(set) var main: Agent!
    private(set) var problems: [String] = []
    /// What each access is called, and which of them are made relaxed.
    var sites: AccessSites
    private(set) var weakenedCount = 0

    init(seed: UInt64, sites: AccessSites) {
        random = SeededGenerator(seed: seed)
        switchRate = [2, 4, 12][Int(seed % 3)]
        staleness = [(4, .any), (1, .any), (7, .oldest), (7, .oldestOfSomeWords)][Int(seed / 3 % 4)]
        self.seed = seed
        self.sites = sites
        main = Agent(0, "main", of: self, Knowledge(clock: [1, 1, 1, 1, 1]))
        Self.current = main
    }

    func report(_ problem: String) { if problems.count < 8 { problems.append(problem) } }

    // MARK: Threads

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0)
        return key
    }()

    /// The agent that the calling thread is. The machine keeps it.
    static var current: Agent? {
        get { pthread_getspecific(key).map { Unmanaged<Agent>.fromOpaque($0).takeUnretainedValue() } }
        set { pthread_setspecific(key, newValue.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) }) }
    }

    /// Runs the bodies, each as a thread of its own, to their ends. Their creation and their end order as system threads' do.
    func run(_ bodies: [(name: String, body: @Sendable () -> Void)]) {
        precondition(bodies.count < Self.maximumAgents)
        let agents = bodies.enumerated().map { Agent($0.offset + 1, $0.element.name, of: self, main.knowledge) }
        running = agents
        tick(main)
        for agent in agents { tick(agent) }
        let threads = zip(agents, bodies).map { agent, thread in
            SystemThread {
                Self.current = agent
                agent.turn.wait()
                thread.body()
                self.end(agent)
            }
        }
        agents[random.below(agents.count)].turn.signal()
        allEnded.wait()
        for thread in threads { thread.join() }
        for agent in agents { main.knowledge.join(agent.knowledge) }
    }

    private func end(_ agent: Agent) {
        running.removeAll { $0 === agent }
        if running.isEmpty { allEnded.signal() } else { running[random.below(running.count)].turn.signal() }
    }

    /// Lets another thread go on, if there is one.
    func yield(_ agent: Agent) {
        guard running.count > 1 else { return }
        var other = running[random.below(running.count)]
        if other === agent { other = running[(running.firstIndex { $0 === agent }! + 1) % running.count] }
        other.turn.signal()
        agent.turn.wait()
    }

    private func beforeAccess(_ agent: Agent) {
        agent.accesses += 1
        if let interruption = agent.interruption, interruption.access == agent.accesses {
            agent.interruption = nil
            interruption.body()
        }
        if agent !== main && random.below(switchRate) == 0 { yield(agent) }
    }

    private func tick(_ agent: Agent) { agent.knowledge.clock[agent.number] += 1 }

    // MARK: Shared words

    private func number(_ word: SharedWord, _ agent: Agent) -> Int {
        let number: Int
        if let known = numbers[word] {
            number = known
        } else {
            number = stores.count
            numbers[word] = number
            stores.append([Store(value: word.pointee.load(ordering: .relaxed), carried: nil)])
        }
        while agent.knowledge.view.count <= number { agent.knowledge.view.append(0) }
        return number
    }

    private func weakens(_ site: AccessSite) -> Bool {
        guard sites.weakened == site else { return false }
        weakenedCount += 1
        return true
    }

    func load(_ word: SharedWord, acquires: Bool, by agent: Agent) -> UInt64 {
        beforeAccess(agent)
        let number = number(word, agent)
        let newest = stores[number].count - 1
        let oldest = agent.knowledge.view[number]
        var index = newest
        if oldest < newest && agent !== main && random.below(8) < staleness.eighths {
            switch staleness.choice {
            case .any: index = oldest + random.below(newest - oldest + 1)
            case .oldest: index = oldest
            case .oldestOfSomeWords:
                var coin = SeededGenerator(seed: seed ^ UInt64(number) << 32)
                if coin.below(2) == 0 { index = oldest }
            }
        }
        agent.knowledge.view[number] = index
        let store = stores[number][index]
        if acquires, !weakens(sites.ofLoad(word, agent.name)), let carried = store.carried {
            agent.knowledge.join(carried)
        }
        return store.value
    }

    func store(_ value: UInt64, to word: SharedWord, releases: Bool, by agent: Agent) {
        beforeAccess(agent)
        let number = number(word, agent)
        let old = stores[number].last!.value
        let carries = releases && !weakens(sites.ofStore(value, over: old, to: word))
        agent.knowledge.view[number] = stores[number].count
        stores[number].append(Store(value: value, carried: carries ? agent.knowledge : nil))
        if carries { tick(agent) }
    }

    /// - Parameter change: the new value, or nil to leave the word.
    /// - Returns: the old value.
    func modify(_ word: SharedWord, by agent: Agent, _ change: (UInt64) -> UInt64?) -> UInt64 {
        beforeAccess(agent)
        let number = number(word, agent)
        let old = stores[number].last!
        agent.knowledge.view[number] = stores[number].count - 1
        guard let value = change(old.value) else {
            if let carried = old.carried { agent.knowledge.join(carried) }
            return old.value
        }
        let isWeak = weakens(sites.ofModification(from: old.value, to: value, of: word))
        if !isWeak, let carried = old.carried { agent.knowledge.join(carried) }
        agent.knowledge.view[number] = stores[number].count
        var carried = old.carried
        if !isWeak {
            carried = agent.knowledge
            tick(agent)
        }
        stores[number].append(Store(value: value, carried: carried))
        return old.value
    }

    // MARK: Plain memory

    func access(_ address: UnsafeRawPointer, byteCount: Int, writes: Bool, by agent: Agent) {
        beforeAccess(agent)
        let clock = agent.knowledge.clock
        let start = UInt(bitPattern: address)
        for key in stride(from: (start + 7) & ~7, to: start + UInt(max(byteCount, 0)), by: 8) {
            var byte = bytes[key] ?? Byte()
            if byte.writer != agent.number && byte.written > clock[byte.writer] {
                report("\(agent.name) \(writes ? "writes" : "reads") what agent \(byte.writer) is writing")
                return
            }
            withUnsafeMutableBytes(of: &byte.read) { raw in
                let reads = raw.bindMemory(to: UInt32.self)
                if writes {
                    for reader in reads.indices where reader != agent.number && reads[reader] > clock[reader] {
                        report("\(agent.name) overwrites what agent \(reader) is reading")
                    }
                } else {
                    reads[agent.number] = clock[agent.number]
                }
            }
            if writes {
                byte.writer = agent.number
                byte.written = clock[agent.number]
            }
            bytes[key] = byte
        }
    }
}
