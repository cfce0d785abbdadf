import FlightRecording
import Glibc
import MemoryAccess
import ProcessSupport
import TraceCore

private let short = Event3<UInt64, UInt64, UInt64>("short", category: "crash", "a", "b", "c")
private let long = Event3<UInt64, String, UInt64>("long", category: "crash", "a", "text", "b")

/// Three threads that emit through the API that services use, each acknowledging each record; a fourth ends generations, pins
/// pages and takes snapshots. The parent kills them after some time, or the fourth does, in the midst of that.
final class Threaded {
    let path: String
    let board: Board
    let clock: TraceClock
    private var random: Random
    private var seed: UInt64 = 0
    private var rounds: UInt64 = 0
    private var usesRecorder = false
    private var isKilledInside = false
    private var kills = 0

    init(path: String, board: Board, clock: TraceClock, seed: UInt64) {
        self.path = path
        self.board = board
        self.clock = clock
        random = Random(seed)
    }

    func kill(into verdict: inout Verdict) {
        kills += 1
        seed = random.next()
        // A recorder measures the clock's rate, which takes longer than all else.
        usesRecorder = kills % 16 == 0
        isKilledInside = kills % 2 == 0
        rounds = random.next() % 40
        board.clear()
        defer { unlink(path) }
        let context = Unmanaged.passUnretained(self).toOpaque()
        let child = process_support_start_child(
            { Unmanaged<Threaded>.fromOpaque($0!).takeUnretainedValue().child() }, context, 20)
        if !isKilledInside {
            while board.stage == 0 { sched_yield() }
            usleep(UInt32(random.next() % 900))
            process_support_kill(child)
        }
        let what = "kill \(kills), \(usesRecorder ? "recorder" : "arena")\(isKilledInside ? ", from inside" : "")"
        let status = process_support_wait(child)
        guard status == 256 + SIGKILL else {
            verdict.broken += 1
            verdict.note("\(what): the child ended with \(status)")
            return
        }
        if kills % 8 == 0 { recoverAndDie(into: &verdict, what) }
        verdict.check(path, board, what: what)
    }

    // MARK: The child

    private func child() -> Int32 {
        do {
            var recorder: FlightRecorder?
            if usesRecorder {
                var configuration = TraceStore.Configuration()
                configuration.maximumBytes = 64 << 10
                configuration.pageByteCount = 4096
                configuration.maximumThreads = 8
                configuration.generationPeriod = .milliseconds(1)
                try TraceStore.configure(configuration)
                recorder = FlightRecorder(configuration: .init(maximumBytes: 64 << 10, storage: .file(path)))
                try recorder!.start()
            } else {
                let geometry = try ArenaGeometry(pageByteCount: 4096, pageCount: 16, laneCapacity: 8)
                try Trace.start(Arena(geometry, newFile: path, logByteCount: 4096, clock: clock))
            }
            let arena = Trace.arena!
            for writer in 0..<3 { start { self.write(writer, arena) } }
            board.stage = 1
            try disturb(arena, recorder)
            return 3
        } catch {
            print("crash-harness: \(error)")
            return 3
        }
    }

    private func write(_ writer: Int, _ arena: Arena) {
        var random = Random(seed &+ UInt64(writer))
        var sequence: UInt64 = 0
        while true {
            sequence += 1
            let word = Payload.word(writer, sequence)
            board.begin(writer, sequence)
            if random.next() % 4 == 0 {
                long.emit(word, String(decoding: Payload.text(word), as: UTF8.self), ~word)
            } else {
                short.emit(word, ~word, word &* 7)
            }
            board.acknowledge(writer, sequence, hand: NativeMemory.loadRelaxed(arena.view.hand))
        }
    }

    private func disturb(_ arena: Arena, _ recorder: FlightRecorder?) throws {
        var sink = DiscardingSink()
        var round: UInt64 = 0
        while true {
            if isKilledInside, round == rounds { process_support_set_countdown(Int64(seed % 4) + 1) }
            round += 1
            process_support_tick()
            try arena.advance()
            process_support_tick()
            if let recorder {
                try recorder.snapshot(to: &sink)
            } else {
                arena.note(clock, newest: clock.start)
                try arena.visitBatches { batches, _ in process_support_tick() }
            }
        }
    }

    private func start(_ body: @escaping () -> Void) {
        final class Start {
            let body: () -> Void
            init(_ body: @escaping () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(body)).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Start>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, start)
    }

    // MARK: Recovery

    /// Recovery itself is killed. It may leave its temporary file, and nothing under the final name but a whole file.
    private func recoverAndDie(into verdict: inout Verdict, _ what: String) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let child = process_support_start_child(
            { Unmanaged<Threaded>.fromOpaque($0!).takeUnretainedValue().recover() }, context, 20)
        usleep(UInt32(random.next() % 700))
        process_support_kill(child)
        _ = process_support_wait(child)
        defer { removeFiles(withPrefix: "/.frec-\(child)-") }
        guard let file = try? MappedFile(path: output) else { return }
        unlink(output)
        do {
            try file.withBytes { bytes in
                var reader = try NativeFileReader(bytes)
                while try reader.next(in: bytes) != nil {}
            }
        } catch {
            verdict.broken += 1
            verdict.note("\(what): a recovery that was killed left a file: \(error)")
        }
    }

    private var output: String { path + ".frec" }

    private func recover() -> Int32 {
        do {
            try ArenaImage(path: path).recover().write(to: PartialFile(path: output), reason: "test").commit()
            return 0
        } catch {
            return 3
        }
    }

    private func removeFiles(withPrefix prefix: String) {
        let directory = String(path[..<path.lastIndex(of: "/")!])
        guard let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if ("/" + name).hasPrefix(prefix) { unlink(directory + "/" + name) }
        }
    }
}
