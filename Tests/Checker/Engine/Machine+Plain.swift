/// Who wrote a byte last, and who has read it since: epochs.
struct CellState {
    var writer: UInt8 = 0
    var isFreed = false
    var written: UInt16 = 0
    /// What the writer's last releasing fence lends to who reads this.
    var lent: Knowledge?
    var read = SIMD8<UInt16>()
}

extension Machine {
    /// Of the bytes, those whose address 8 divides are watched: records that share a word are written one by one.
    func access(_ address: UnsafeRawPointer, byteCount: Int, writes: Bool) {
        guard byteCount > 0 else { return }
        let agent = running
        let clock = knowledge[agent]
        let start = UInt(bitPattern: address)
        var key = (start + 7) & ~7
        while key < start + UInt(byteCount) {
            let (number, isNew) = cells.number(key)
            let cell = cellStates + number
            if isNew { cell.pointee = CellState() }
            let writer = Int(cell.pointee.writer)
            let verb = writes ? "writes" : "reads"
            if cell.pointee.isFreed { report("\(agents[agent].name) \(verb) what was freed") }
            if writer != agent, cell.pointee.written > clock[writer] {
                report("race: \(agents[agent].name) \(verb) what \(agents[writer].name) is writing")
            }
            if writes {
                for reader in 0..<agentCount where reader != agent && cell.pointee.read[reader] > clock[reader] {
                    report("race: \(agents[agent].name) overwrites what \(agents[reader].name) is reading")
                }
                cell.pointee.writer = UInt8(agent)
                cell.pointee.written = clock[agent]
                cell.pointee.lent = fenceKnowledge[agent]
            } else {
                cell.pointee.read[agent] = clock[agent]
            }
            key += 8
        }
    }

    /// What a reader does that cannot be ordered after the writers, word by word (acquire), and finds out later whether its copy
    /// is whole. It may see what is written now, and then also all before the writer's last releasing fence.
    ///
    /// - Returns: false where it saw something that nothing orders before.
    package func look(at address: UnsafeRawPointer, byteCount: Int) -> Bool {
        lookStep()
        let agent = running
        var isOrdered = true
        for key in stride(from: UInt(bitPattern: address) & ~7, to: UInt(bitPattern: address) + UInt(byteCount), by: 8)
        {
            guard let number = cells.known(key) else { continue }
            let writer = Int(cellStates[number].writer)
            guard writer != agent, cellStates[number].written > knowledge[agent][writer] else { continue }
            isOrdered = false
            if let lent = cellStates[number].lent { knowledge[agent].join(lent, words: table.count) }
        }
        return isOrdered
    }

    /// Memory is given back: whatever anybody did with it has to come before.
    func free(_ address: UnsafeRawPointer, byteCount: Int) {
        let agent = running
        let clock = knowledge[agent]
        let start = UInt(bitPattern: address)
        for key in stride(from: start & ~7, to: start + UInt(byteCount), by: 8) {
            if let number = table.known(key) {
                for other in 0..<agentCount where other != agent && words[number].accessed[other] > clock[other] {
                    report("race: \(agents[agent].name) frees a word that \(agents[other].name) is using")
                }
                words[number].isFreed = true
            }
            if let number = cells.known(key) {
                let cell = cellStates + number
                let writer = Int(cell.pointee.writer)
                let isBeingWritten = writer != agent && cell.pointee.written > clock[writer]
                let isBeingRead = (0..<agentCount).contains { $0 != agent && cell.pointee.read[$0] > clock[$0] }
                if isBeingWritten || isBeingRead { report("race: \(agents[agent].name) frees what others are using") }
                cell.pointee.isFreed = true
            }
        }
    }
}
