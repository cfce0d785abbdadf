internal import CPlatform
internal import MemoryAccess
internal import Synchronization
internal import TraceCore

/// Takes a recorder's snapshot by itself when something has happened: what led to it is still in the window, and what
/// follows for `after` is waited for.
///
///     let trigger = try SnapshotTrigger(recorder, configuration: .init(directory: "/var/tmp/traces"))
///     trigger.fire(whenLongerThan: .milliseconds(80), Events.request)
///     try trigger.fire(onSignal: SIGUSR2)
///
/// The window before is the recorder's: its `minimumAge` less `after`. A snapshot is taken at most once an interval; what
/// fires in between is counted, and so is what fires while one is waited for. A thread of the trigger's own does all of
/// the work, at the periods that are stated; emitting threads do nothing for it.
///
/// Any thread may call all of it; no signal handler.
public final class SnapshotTrigger: Sendable {
    public struct Configuration: Sendable, Hashable {
        /// Where the files go. It has to exist.
        public var directory: String
        /// Their names begin with it: `prefix-20261125T171608.123456Z-reason.frec`.
        public var prefix = "snapshot"
        /// How long after the event the snapshot is taken.
        public var after: Duration = .seconds(1)
        /// From one snapshot to the next at least.
        public var minimumInterval: Duration = .seconds(60)
        /// The budget: the oldest files of the prefix are deleted beyond it; the newest stays in any case.
        public var maximumFiles = 16
        public var maximumBytes = 1 << 30

        public init(directory: String) { self.directory = directory }
    }

    /// A snapshot that was taken.
    public struct Taken: Sendable, Hashable {
        public var reason: String
        public var path: String
        public var report: SnapshotReport
    }

    /// What has become of it so far.
    public struct Status: Sendable, Hashable {
        /// How often something fired.
        public var fired: UInt64 = 0
        /// Of those, how often no snapshot of its own followed: one was being waited for, or had been taken too shortly before.
        public var suppressed: UInt64 = 0
        public var taken: UInt64 = 0
        public var failed: UInt64 = 0
        /// Snapshots that an earlier process left when it ended, in the middle of writing: they have got their names.
        public var leftovers: UInt64 = 0
        public var lastPath: String?
        /// Why the last one failed.
        public var lastError: String?
    }

    public let recorder: FlightRecorder
    public let configuration: Configuration
    private let onSnapshot: @Sendable (Result<Taken, any Error>) -> Void
    private let directory: SnapshotDirectory
    private let state = Lock(State())
    private let alarm = TriggerAlarms.take()
    private let isEnding = Atomic<Bool>(false)
    private let thread = Lock<BackgroundThread?>(nil)

    private struct State {
        var status = Status()
        var probes: [any TriggerProbe] = []
        /// When the next probe is due, in the same order.
        var due: [UInt64] = []
        var pending: (reason: String, wall: Int64, due: UInt64)?
        var lastTaken: UInt64?
        /// Whose handlers count for this trigger; nil once it has ended.
        var signals: [Int32]? = []
    }

    /// A trigger of `recorder`, which is started and stopped by whoever owns it. Works until ``stop()``, also where nobody
    /// holds it.
    ///
    /// - Parameter onSnapshot: called on the trigger's thread after each snapshot, or with why there is none.
    /// - Throws: ``FlightRecorderError/configuration(field:value:allowed:)``, ``FlightRecorderError/system(call:code:)``.
    public init(
        _ recorder: FlightRecorder, configuration: Configuration,
        onSnapshot: @escaping @Sendable (Result<Taken, any Error>) -> Void = { _ in }
    ) throws(FlightRecorderError) {
        guard configuration.maximumFiles > 0 else {
            throw .configuration(field: "maximumFiles", value: "\(configuration.maximumFiles)", allowed: "1 or more")
        }
        guard !configuration.prefix.isEmpty, !configuration.prefix.contains("/") else {
            throw .configuration(
                field: "prefix", value: "\"\(configuration.prefix)\"", allowed: "the begin of a file's name")
        }
        self.recorder = recorder
        self.configuration = configuration
        self.onSnapshot = onSnapshot
        directory = SnapshotDirectory(
            files: TraceFileDirectory(
                path: configuration.directory, prefix: configuration.prefix, maximumFiles: configuration.maximumFiles,
                maximumBytes: configuration.maximumBytes))
        let leftovers = directory.files.keepLeftovers()
        state.withLock { $0.status.leftovers = UInt64(leftovers) }
        // Held by its thread, until it is stopped.
        let started = try BackgroundThread(name: "flight-trigger") { self.work() }
        thread.withLock { $0 = started }
    }

    /// Ends it, for good: what is waited for is taken at once, and nothing fires from now on. Not on the trigger's own thread.
    public func stop() {
        isEnding.store(true, ordering: .releasing)
        alarm.ring()
        let ended = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        ended?.join()
        let signals = state.withLock { state in
            defer { state.signals = nil }
            return state.signals ?? []
        }
        for signal in signals { cplatform_count_signal(signal, nil, nil) }
        if ended != nil { TriggerAlarms.giveBack(alarm) }
    }

    public var status: Status { state.withLock { $0.status } }

    /// Fires now.
    public func fire(_ reason: String) {
        state.withLock { fire(reason, &$0) }
        alarm.ring()
    }

    /// Fires whenever `condition` has become true, as found every `period`: once, until it was false again.
    public func fire(_ reason: String, every period: Duration, when condition: @escaping @Sendable () -> Bool) {
        add(ConditionProbe(reason: reason, period: period.nanoseconds, condition))
    }

    /// Fires at each signal of a number, which keeps the handler that it has, and is no longer deadly if it has none.
    ///
    /// - Throws: ``FlightRecorderError/system(call:code:)``: EBUSY where another trigger has it; EINVAL for what is no signal, or
    ///   one that an instruction raises (SIGSEGV, SIGBUS, SIGILL, SIGFPE), which would be raised again for ever.
    public func fire(onSignal signal: Int32) throws(FlightRecorderError) {
        guard let count = SignalWords.word(signal) else { throw .system(call: "sigaction", code: 22) }
        let probe = SignalProbe(signal: signal, word: count)
        let code = cplatform_count_signal(signal, SignalWords.plain(count), SignalWords.plain(alarm.bell))
        guard code == 0 else { throw .system(call: "sigaction", code: code) }
        let isTaken = state.withLock { state in
            state.signals?.append(signal)
            return state.signals != nil
        }
        guard isTaken else {
            // Ended meanwhile, or before: nobody would give the signal back.
            cplatform_count_signal(signal, nil, nil)
            return
        }
        add(probe)
    }

    func add(_ probe: some TriggerProbe) {
        state.withLock { state in
            state.probes.append(probe)
            state.due.append(probe.period.map { cplatform_monotonic_nanoseconds().addingUpToMaximum($0) } ?? .max)
        }
        alarm.ring()
    }

    private func fire(_ reason: String, _ state: inout State) {
        let now = cplatform_monotonic_nanoseconds()
        state.status.fired += 1
        let next = state.lastTaken?.addingUpToMaximum(configuration.minimumInterval.nanoseconds) ?? 0
        guard state.pending == nil, now >= next else {
            state.status.suppressed += 1
            return
        }
        let due = now.addingUpToMaximum(configuration.after.nanoseconds)
        state.pending = (reason, cplatform_wall_nanoseconds(), due)
    }

    /// The thread's work: asks what is due, and sleeps until something is.
    private func work() {
        while true {
            let rings = alarm.rings
            let isLast = isEnding.load(ordering: .acquiring)
            probe()
            let (pending, wait) = state.withLock { take(&$0, isLast) }
            if let pending { write(pending.reason, wall: pending.wall) }
            if isLast { return }
            if pending == nil { alarm.sleep(since: rings, nanoseconds: wait) }
        }
    }

    /// Asks without the lock: what is asked may be the program's code, which may call this trigger.
    private func probe() {
        let now = cplatform_monotonic_nanoseconds()
        let due = state.withLock { state in
            state.probes.indices.filter { state.due[$0] <= now || state.probes[$0].period == nil }.map { index in
                if let period = state.probes[index].period { state.due[index] = now.addingUpToMaximum(period) }
                return (index, state.probes[index])
            }
        }
        for (index, var probe) in due {
            let reason = probe.ask()
            state.withLock { state in
                // Others are added behind it, and none goes.
                state.probes[index] = probe
                if let reason { fire(reason, &state) }
            }
        }
    }

    /// The snapshot that is due, and else how long to sleep: 0 for ever.
    private func take(_ state: inout State, _ isLast: Bool) -> ((reason: String, wall: Int64)?, UInt64) {
        let now = cplatform_monotonic_nanoseconds()
        if let pending = state.pending, isLast || pending.due <= now {
            state.pending = nil
            state.lastTaken = now
            return ((pending.reason, pending.wall), 0)
        }
        let next = min(state.due.min() ?? .max, state.pending?.due ?? .max)
        return (nil, next == .max ? 0 : next > now ? next - now : 1)
    }

    private func write(_ reason: String, wall: Int64) {
        let name = directory.newName(wall: wall, reason: reason)
        let path = directory.files.path(name)
        let outcome = Result {
            let report = try recorder.snapshot(to: path, reason, true) { try directory.files.create(name) }
            return Taken(reason: reason, path: path, report: report)
        }
        if case .success = outcome { directory.files.deleteOldest(newest: name) }
        state.withLock { state in
            switch outcome {
            case .success:
                state.status.taken += 1
                state.status.lastPath = path
            case .failure(let error):
                state.status.failed += 1
                state.status.lastError = "\(error)"
            }
        }
        onSnapshot(outcome)
    }
}

extension UInt64 {
    /// The sum, or 2^64 - 1: a time that never comes.
    fileprivate func addingUpToMaximum(_ other: UInt64) -> UInt64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}
