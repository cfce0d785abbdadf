import MemoryAccess

// Fences, and whoever waits for somebody.
extension Machine {
    func fence() {
        let agent = step(Operation(kind: .fence, word: -1))
        order(agent)
        if agent != 0 { search.didFence(self, agent, isHeavy: false) }
        note(agent, "fence")
    }

    /// What a sequentially consistent fence does for an agent.
    func order(_ agent: Int) {
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

    /// Gives way: until something that it read has changed, or all others wait, too.
    ///
    /// No store stays hidden for ever. A loop may look once more at the same old store after somebody has made a newer one, as
    /// it could had it looked before; behind its next pause it sees what is there.
    func pause() {
        let agent = running
        guard agent != 0 else { return }
        _ = step(Operation(kind: .pause, word: -1))
        let stale = (0..<wordCount).filter {
            agents[agent].hasLooked(at: $0) && Int(knowledge[agent].view[$0]) < words[$0].count - 1
        }
        note(agent, "pause")
        search.didPause(self, agent)
        if stale.isEmpty {
            agents[agent].mayLookAgain = true
            agents[agent].isPaused = true
            // Comes back when the search lets it.
            leave()
        } else if agents[agent].mayLookAgain {
            agents[agent].mayLookAgain = false
        } else {
            for number in stale { knowledge[agent].view[number] = UInt16(words[number].count - 1) }
            agents[agent].mayLookAgain = true
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
