/// Who wrote a cell of 8 bytes last, and who has read it since: epochs.
struct CellState {
    var writer: UInt8 = 0
    var isFreed = false
    var written: UInt16 = 0
    var read = SIMD8<UInt16>()
}

extension Machine {
    func access(_ address: UnsafeRawPointer, byteCount: Int, writes: Bool) {
        guard byteCount > 0 else { return }
        let agent = running
        let clock = knowledge[agent]
        let start = UInt(bitPattern: address)
        var key = start & ~7
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
            } else {
                cell.pointee.read[agent] = clock[agent]
            }
            key += 8
        }
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
