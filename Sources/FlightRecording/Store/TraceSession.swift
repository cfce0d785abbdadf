internal import CPlatform
internal import MemoryAccess
internal import Synchronization
internal import TraceCore

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// One life of the store: an arena that is recorded into, and a thread that ends its generations.
///
/// Ownership: recorders and streams hold it while they run; windows and generations that were handed out hold the arena.
/// A lock guards what follows from the order of generations: the clock, the history, and what streams are given. Writers
/// know nothing of it.
final class TraceSession: Sendable {
    let arena: Arena
    /// What streams are given.
    let hub: StreamHub
    /// Where the arena is kept; of one that the program records into itself: in memory, as far as is known.
    let storage: TraceStorage
    /// What a recorder may ask for, in bytes.
    let capacity: Int
    private let period: UInt64
    private let startsTrace: Bool
    private let forks = cplatform_fork_count()
    private let alarm = Alarm()
    private let isEnding = Atomic<Bool>(false)
    private let advancer = Lock<BackgroundThread?>(nil)
    private let state: Lock<State>

    private struct State {
        var clock: TraceClock
        var history = GenerationHistory()
        /// Nanoseconds by which generations are to end, by who asked for it.
        var periods: [ObjectIdentifier: UInt64] = [:]
        var generations: UInt64 = 0
        var cost: UInt64 = 0
        var snapshots: UInt64 = 0
        var snapshotCost: UInt64 = 0
    }

    /// Begins to record, unless the program does already: then into the program's arena.
    init(_ configuration: TraceStore.Configuration, maximumBytes: Int) throws(FlightRecorderError) {
        period = configuration.generationPeriod.nanoseconds
        let current = Trace.arena
        startsTrace = current == nil
        let wanted = configuration.maximumBytes ?? max(maximumBytes, TraceStore.Configuration.minimumBytes)
        do {
            storage = current == nil ? configuration.storage : .memory
            arena = try current ?? storage.arena(configuration.geometry(maximumBytes: wanted))
            // A page that does not fit in is the caller's rounding and no reason to refuse.
            capacity = max(current == nil ? wanted : 0, arena.geometry.pageCount * arena.geometry.pageByteCount)
            state = Lock(State(clock: TraceClock()))
            if startsTrace {
                do { try Trace.start(arena) } catch {
                    arena.removeFile()
                    throw error
                }
            }
        } catch let error as ArenaError {
            throw .arena(error)
        } catch let error as FlightRecorderError {
            throw error
        } catch {
            fatalError("an error of no known type: \(error)")
        }
        hub = StreamHub(arena)
        do throws(FlightRecorderError) {
            _ = try closeGeneration()
            let thread = try BackgroundThread(name: "flight-recorder") { [unowned self] in self.advance() }
            advancer.withLock { $0 = thread }
        } catch {
            // Nobody has this session, who could end it.
            end()
            throw error
        }
    }

    var isForked: Bool { forks != cplatform_fork_count() }

    /// Stops the thread and, where this began it, the recording.
    func end() {
        isEnding.store(true, ordering: .releasing)
        alarm.ring()
        let thread = advancer.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
        if startsTrace, Trace.arena === arena { Trace.stop() }
        if startsTrace, case .file(_, let isKept, _) = storage, !isKept { arena.removeFile() }
    }

    /// In a forked child: the thread is not there, and the recording is the parent's.
    func abandon() { isEnding.store(true, ordering: .releasing) }

    /// Ends the current generation. What happened before the call is inside. Any thread; calls are served one after the
    /// other.
    ///
    /// - Complexity: O(threads).
    func closeGeneration() throws(FlightRecorderError) -> GenerationBoundary {
        guard !isForked else { throw .forked }
        return try state.withLock { state throws(FlightRecorderError) in
            let start = cplatform_monotonic_nanoseconds()
            let cut: GenerationCut
            do throws(ArenaError) { cut = try arena.advance() } catch { throw .arena(error) }
            let hand = NativeMemory.loadRelaxed(arena.view.hand)
            let boundary = GenerationBoundary(cut: cut, clock: state.clock.refine(), hand: hand)
            arena.note(state.clock, newest: boundary.clock)
            if state.history.boundaries.last?.generation != cut.generation {
                state.history.append(boundary)
                hub.close(boundary)
            }
            state.generations += 1
            state.cost += cplatform_monotonic_nanoseconds() - start
            return boundary
        }
    }

    var history: GenerationHistory { state.withLock { $0.history } }
    var clock: TraceClock { state.withLock { $0.clock } }

    /// Adds a snapshot to the costs that snapshots state.
    func count(snapshotCost: UInt64) {
        state.withLock { state in
            state.snapshots += 1
            state.snapshotCost += snapshotCost
        }
    }

    /// What a snapshot says of the process, with nothing filled in of what it covers.
    func describe(from: UInt64, to: UInt64, bound: NativeSnapshot.Bound) -> NativeSnapshot {
        state.withLock { state in
            NativeSnapshot(
                from: from, to: to, bound: bound, process: UInt32(getpid()),
                storeBytes: UInt64(arena.geometry.pageCount * arena.geometry.pageByteCount),
                generations: state.generations, generationCost: state.cost, snapshots: state.snapshots,
                snapshotCost: state.snapshotCost, uncountedEvents: Trace.uncounted,
                unlistedSpans: arena.unlistedSpans,
                processName: CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "")
        }
    }

    /// Asks for generations that end at least so often, until it is withdrawn with nil.
    func want(period: UInt64?, for owner: AnyObject) {
        // In a forked child, a thread that is not there may hold the lock.
        guard !isForked else { return }
        state.withLock { $0.periods[ObjectIdentifier(owner)] = period }
        alarm.ring()
    }

    var usage: TraceStore.Usage {
        let lanes = arena.lanes
        let (generations, cost) = state.withLock { ($0.generations, $0.cost) }
        return TraceStore.Usage(
            byteCount: arena.geometry.pageCount * arena.geometry.pageByteCount,
            pageByteCount: arena.geometry.pageByteCount,
            streamByteCount: arena.view.pinBudget * arena.geometry.pageByteCount,
            events: lanes.reduce(0) { $0 + $1.events }, lost: lanes.reduce(0) { $0 + $1.lost },
            generations: generations, generationCost: cost)
    }

    /// The thread's work: ends a generation when its time is up.
    private func advance() {
        var swept = cplatform_monotonic_nanoseconds()
        while true {
            let rings = alarm.rings
            guard !isEnding.load(ordering: .acquiring) else { return }
            let (last, wanted) = state.withLock { state in
                (state.history.boundaries.last, state.periods.values.min() ?? period)
            }
            let now = cplatform_monotonic_nanoseconds()
            let due = (last?.clock.monotonic ?? 0) + min(period, max(wanted, 1_000_000))
            guard now >= due || hub.isDue else {
                let rest = due - now
                alarm.sleep(since: rings, nanoseconds: hub.isActive ? min(rest, hub.pollInterval()) : rest)
                continue
            }
            // Retired by who started it: nothing ends any more.
            guard let boundary = try? closeGeneration(), boundary.generation != last?.generation else { return }
            if now - swept > 1_000_000_000 {
                _ = try? arena.sweep()
                swept = now
            }
        }
    }
}

extension Duration {
    /// Clamped to 0 and 2^64 - 1.
    var nanoseconds: UInt64 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        let (product, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflows else { return .max }
        let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflowsToo ? .max : sum
    }
}
