package import MemoryAccess
import Synchronization

extension Machine {
    /// Two stores to one of these have to be ordered by something: the machine would let them take effect in the order in which
    /// they are made, and C11 may not.
    package func requireOrder(of words: [SharedWord]) {
        for word in words { self.words[number(word)].isExclusive = true }
    }

    @inline(__always)
    func number(_ word: SharedWord) -> Int {
        let (number, isNew) = table.number(UInt(bitPattern: word))
        if isNew { words[number].reset(word.pointee.load(ordering: .relaxed)) }
        return number
    }

    @inline(__always)
    func access(_ word: Int, _ agent: Int) {
        if words[word].isFreed { report("\(agents[agent].name) accesses a word that was freed") }
        words[word].accessed[agent] = knowledge[agent][agent]
    }

    func row() -> Knowledge {
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
        agents[agent].look(at: number)
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
    func read(_ store: Store, acquires: Bool, by agent: Int) {
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
    func put(_ value: UInt64, _ number: Int, _ agent: Int, releases: Bool, onto old: Store?) {
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
    func didWrite(_ agent: Int, _ number: Int) {
        search.didWrite(self, agent, number)
        for other in 1..<agentCount where agents[other].isPaused {
            guard agents[other].hasLooked(at: number) else { continue }
            agents[other].isPaused = false
            agents[other].mayLookAgain = false
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
        agents[agent].look(at: number)
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
        agents[agent].look(at: number)
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
}
