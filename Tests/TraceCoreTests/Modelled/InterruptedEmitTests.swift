import MemoryAccess
import Testing
import TraceCore

/// A signal handler's emit in front of every single access of an emit of its own thread, whatever either has to do.
@Suite struct EmitsTornByAHandler {
    /// What the interrupted emit finds.
    enum Start: CaseIterable {
        case noPage, roomInThePage, noRoom, nextGeneration, nextGenerationAndNoRoom, timeGoneBack, longSilence
    }

    /// What the handler does.
    enum Handler: CaseIterable {
        case emitsShort, emitsUntilThePageIsFull, emitsInTheNextGeneration, emitsTwice
    }

    @Test(arguments: Start.allCases, Handler.allCases)
    func everyAccess(_ start: Start, _ handler: Handler) {
        var access = 0
        while true {
            access += 1
            var run = InterruptedRun(start)
            let wasReached = run.emit(interruptedAt: access) { run in handler.act(&run) }
            let problem = run.problem()
            #expect(problem == nil, "in front of access \(access)")
            if !wasReached || problem != nil { break }
        }
        #expect(access > 10)
    }

    /// A handler that is interrupted by another one: every pair of accesses, on the hot path.
    @Test(arguments: [Start.roomInThePage, .noPage])
    func handlersInHandlers(_ start: Start) {
        for outer in 1...30 {
            for inner in 1...20 {
                var run = InterruptedRun(start)
                _ = run.emit(interruptedAt: outer) { run in
                    _ = run.emit(interruptedAt: inner) { $0.emit() }
                }
                let problem = run.problem()
                #expect(problem == nil, "in front of accesses \(outer) and \(inner)")
                if problem != nil { return }
            }
        }
    }
}

extension EmitsTornByAHandler.Handler {
    fileprivate func act(_ run: inout InterruptedRun) {
        switch self {
        case .emitsShort: run.emit()
        case .emitsTwice:
            run.emit()
            run.emit()
        case .emitsUntilThePageIsFull: for _ in 0..<6 { run.emit(room: 900) }
        case .emitsInTheNextGeneration:
            _ = try? run.arena.advance()
            run.emit()
        }
    }
}

/// One lane, and a count of what was emitted on it.
private struct InterruptedRun {
    let machine: ModelledMachine
    let arena: ModelledScenario.ModelledArena
    let lane: Lane<ModelledMemory>
    var attempts: UInt64 = 0
    var done: Set<UInt64> = []
    var ticks: UInt64 = 1 << 40

    init(_ start: EmitsTornByAHandler.Start) {
        machine = ModelledMachine(seed: 1, sites: AccessSites())
        arena = ModelledScenario.arena(machine, pages: 8)
        lane = try! arena.attach(thread: 1)
        ticks = max(ticks, Stamp.now.ticks)
        if start == .noPage { return }
        emit()
        emit()
        switch start {
        case .noRoom, .nextGenerationAndNoRoom:
            for room in [900, 100, 20] {
                while lane.position.offset + room < 4096 - 80 { emit(room: room) }
            }
        case .timeGoneBack: ticks -= 1 << 30
        case .longSilence: ticks += 1 << 41
        default: break
        }
        if start == .nextGeneration || start == .nextGenerationAndNoRoom { _ = try! arena.advance() }
    }

    /// Emits its number as a text of up to `room` bytes.
    mutating func emit(room: Int = 20) {
        let word = attempts
        attempts += 1
        ticks += 100
        let bytes = WordEvent.text(word, limit: room)
        let isDone = bytes.withUnsafeBytes { raw in
            let record = DenseEncoding.text(TextArgument(raw))
            let stamp = Stamp(ticks: ticks)
            return lane.append(record, id: 4, at: stamp, as: DenseEncoding.self)
                || lane.appendOffPath(record, id: 4, at: stamp, as: DenseEncoding.self) == .done
        }
        if isDone { done.insert(word) }
    }

    /// False where the emit has fewer accesses.
    mutating func emit(interruptedAt access: Int, by handler: @escaping (inout InterruptedRun) -> Void) -> Bool {
        let before = machine.main.interruption
        // The handler works on a copy, whose counts come back: an emit in Swift cannot be left in the middle.
        let inside = Shared(self)
        inside.value.attempts += 1
        var wasReached = false
        machine.main.interruption = (
            machine.main.accesses + access,
            {
                wasReached = true
                handler(&inside.value)
            }
        )
        let mine = attempts
        emit()
        if !wasReached { machine.main.interruption = before }
        attempts = inside.value.attempts
        ticks = max(ticks, inside.value.ticks)
        done = done.union(inside.value.done)
        _ = mine
        return wasReached
    }

    /// All that was emitted is readable in order, refused or lost.
    func problem() -> String? {
        do {
            let events = try arena.events(lane: 0) { _ in .text }
            let status = arena.lanes[0]
            let words = try events.keys.sorted().map { try WordEvent.textWord(events[$0]!.payload) }
            if Set(words) != done { return "readable \(words), emitted \(done.sorted())" }
            if words.count != done.count { return "an event twice in \(words)" }
            if status.events != attempts { return "\(status.events) counted of \(attempts)" }
            if status.lost + UInt64(done.count) != attempts {
                return "\(done.count) done and \(status.lost) lost of \(attempts)"
            }
            return machine.problems.first
        } catch { return "\(error)" }
    }
}

extension WordEvent {
    /// The number at the start of a text, whose every byte follows from it.
    static func textWord(_ payload: PlainDecoder.Payload) throws -> UInt64 {
        guard case .text(let bytes, isTruncated: false) = payload,
            let word = UInt64(String(decoding: bytes.prefix { $0 < 58 }, as: UTF8.self)),
            bytes.dropFirst(String(word).utf8.count).allSatisfy({ $0 == UInt8(97 + word % 26) })
        else { throw Wrong(description: "a text of another: \(payload)") }
        return word
    }
}
