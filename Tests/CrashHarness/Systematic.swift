import CPlatform
import Glibc
import MemoryAccess
import ProcessSupport
import TraceCore

/// One thread that does all there is to do with a tiny arena, in an order that the seed decides, and ends at its n-th operation on
/// memory: for every n until it comes through, then with the next seed. With few kills to spend, for n a stride apart. Or it is
/// stopped there, looked at from outside, and let go on.
final class Systematic {
    let path: String
    let board: Board
    let clock: TraceClock
    let isWrong: Bool
    var seed: UInt64
    private var operation: Int64 = 1
    private var stride: Int64 = 1
    /// What the child is sent at its n-th operation.
    private var signal = SIGKILL

    init(path: String, board: Board, clock: TraceClock, seed: UInt64, isWrong: Bool = false) {
        self.path = path
        self.board = board
        self.clock = clock
        self.seed = seed
        self.isWrong = isWrong
    }

    /// Spreads so many kills over all operations.
    func spread(_ kills: Int) {
        operation = .max
        _ = process_support_wait(start())
        unlink(path)
        stride = max(Int64(board.operations) / Int64(kills), 1)
        operation = 1
    }

    private func start(endingBy signal: Int32 = SIGKILL) -> Int32 {
        board.clear()
        self.signal = signal
        return process_support_start_child(
            { Unmanaged<Systematic>.fromOpaque($0!).takeUnretainedValue().child() },
            Unmanaged.passUnretained(self).toOpaque(), 20)
    }

    /// The next stop: what another process reads meanwhile, and what there is once the child has come to its end.
    func stop(into verdict: inout Verdict) {
        attempt(into: &verdict) { verdict, what in
            let child = start(endingBy: SIGSTOP)
            let status = process_support_wait_stop(child)
            guard status == 512 + SIGSTOP else { return status }
            verdict.check(path, board, what: "stop at \(what)", owner: child)
            process_support_continue(child)
            let ended = process_support_wait(child)
            guard ended == 0 else { return ended }
            verdict.check(path, board, what: "stop at \(what), at its end")
            return nil
        }
    }

    /// The next kill, and what recovery makes of it.
    func kill(into verdict: inout Verdict) {
        attempt(into: &verdict) { verdict, what in
            let status = process_support_wait(start())
            guard status == 256 + SIGKILL else { return status }
            verdict.check(path, board, what: what)
            return nil
        }
    }

    /// - Parameter body: nil where the child was interrupted and looked at, else the status that it ended with.
    private func attempt(into verdict: inout Verdict, _ body: (inout Verdict, _ what: String) -> Int32?) {
        while true {
            let what = "operation \(operation) of seed \(seed)"
            let status = body(&verdict, what)
            unlink(path)
            if status != 0 {
                if let status {
                    verdict.broken += 1
                    verdict.note("\(what): the child ended with \(status)")
                }
                operation += stride
                return
            }
            // All operations of this seed have been ends.
            seed &+= 1
            operation = 1
        }
    }

    private final class Writer {
        let lane: LaneWriter<KillingMemory, DenseEncoding>
        let number: Int
        var sequence: UInt64 = 0

        init(_ lane: consuming LaneWriter<KillingMemory, DenseEncoding>, _ number: Int) {
            self.lane = lane
            self.number = number
        }
    }

    private func child() -> Int32 {
        do {
            let geometry = try ArenaGeometry(pageByteCount: 4096, pageCount: 8, laneCapacity: 4)
            let arena = try GenericArena<KillingMemory>(geometry, newFile: path, logByteCount: 4096, clock: clock)
            board.stage = 1
            var random = Random(seed)
            process_support_set_signal(signal)
            process_support_set_countdown(operation)
            for schema in Self.schemas { arena.metadata!.append(schema) }
            var count = 0
            var writers: [Writer] = []
            for _ in 0..<3 {
                writers.append(Writer(try arena.makeWriter(as: DenseEncoding.self), count))
                count += 1
            }
            for step in 0..<140 as Range<UInt16> {
                switch random.next() % 32 {
                case 0: try arena.advance()
                case 1:
                    let leaving = Int(random.next() % 3)
                    writers.remove(at: leaving)
                    writers.append(Writer(try arena.makeWriter(as: DenseEncoding.self), count))
                    count += 1
                case 2: arena.note(clock, newest: clock.start)
                case 3:
                    arena.metadata!.note(NativeThread(lane: 0, thread: UInt32(step), name: "thread \(step)"))
                case 4: arena.metadata!.append(EventSchema(id: 100 + step, name: "later", category: "crash"))
                default: emit(writers[Int(random.next() % 3)], isLong: random.next() % 2 == 0, arena)
                }
            }
            board.operations = UInt64(operation - process_support_rest())
            process_support_set_countdown(-1)
            board.stage = 2
            return 0
        } catch {
            print("crash-harness: \(error)")
            return 3
        }
    }

    private func emit(_ writer: Writer, isLong: Bool, _ arena: GenericArena<KillingMemory>) {
        writer.sequence += 1
        let word = Payload.word(writer.number, writer.sequence)
        board.begin(writer.number, writer.sequence)
        let isEmitted: Bool
        if isLong {
            var payload = [UInt8](repeating: 0, count: WidePayload.maximumByteCount + 8)
            isEmitted = payload.withUnsafeMutableBytes { buffer in
                var wide = WidePayload(in: buffer)
                wide.append(number: word)
                Payload.text(word).withUnsafeBytes { wide.append(text: $0, fieldsLeft: 1) }
                wide.append(number: ~word)
                return write(DenseEncoding.wide(wide.bytes), id: 2, writer)
            }
        } else {
            isEmitted = write(DenseEncoding.three(word, ~word, word &* 7), id: 1, writer)
        }
        // One thread and no reader: there is always a page.
        if isEmitted {
            board.acknowledge(writer.number, writer.sequence, hand: NativeMemory.loadRelaxed(arena.view.hand))
        }
    }

    private func write(_ record: some EncodedRecord, id: UInt32, _ writer: Writer) -> Bool {
        guard isWrong else { return writer.lane.emit(record, id: id) }
        let position = writer.lane.lane.address.assumingMemoryBound(to: SharedWord.Pointee.self)
        return writer.lane.emit(TooEarly(base: record, position: position), id: id)
    }

    private static let schemas: [EventSchema] = [
        EventSchema(
            id: 1, name: "three", category: "crash",
            fields: ["a", "b", "c"].map { .init(name: $0, type: .unsigned) }),
        EventSchema(
            id: 2, name: "wide", category: "crash",
            fields: [
                .init(name: "a", type: .unsigned), .init(name: "text", type: .string),
                .init(name: "b", type: .unsigned),
            ]),
    ]
}
