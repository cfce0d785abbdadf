internal import CPlatform
internal import TraceCore

/// A subscriber to the trace of the process: it is given every generation that ends, whole, in place.
///
///     let stream = TraceStream()
///     try stream.start()
///     for await generation in stream.generations() {
///         try generation.forEachRecord { record, _, _ in ... }
///     }
///
/// Any number of streams may run, beside recorders: all look at the same pages of the ``TraceStore``. Writers do not wait for
/// them. A subscriber that is slow loses whole generations, the oldest first, and is told exactly which events those were
/// (``TraceGeneration/lostBefore``).
///
/// While there are streams, a generation ends after ``Configuration/maximumLatency`` or the store's period, or after a
/// thirty-second of the store was written, whatever comes first. All streams together keep at most a quarter of the store from
/// being overwritten, each its share: a store of few pages, or of more threads than a quarter of its pages, has no room for
/// streams, and they lose much.
///
/// Any thread may call all of it, several at a time: each generation is given out once.
public final class TraceStream: Sendable {
    public struct Configuration: Sendable, Hashable {
        /// How many generations may wait to be taken, at least 1. With one more, the oldest is lost.
        public var queueDepth = 8
        /// A generation ends after so long, if the store's period is not shorter. Nil: the store's period. At least 1 ms.
        public var maximumLatency: Duration?
        /// The store's size where this is the first to start, unless the store is configured. Any other size will do.
        public var maximumBytes = 64 << 20

        public init(queueDepth: Int = 8, maximumLatency: Duration? = nil) {
            self.queueDepth = queueDepth
            self.maximumLatency = maximumLatency
        }
    }

    /// How a stream fares, since its start. Events include those that writers lost.
    public struct Statistics: Sendable, Hashable {
        public var takenGenerations: UInt64 = 0
        public var takenEvents: UInt64 = 0
        /// Because the subscriber was too slow.
        public var lostGenerations: UInt64 = 0
        public var lostEvents: UInt64 = 0
        /// What waits to be taken.
        public var queuedGenerations = 0
        /// Of what was lost: behind the last generation that was taken or waits.
        public var lostSince: TraceLoss?

        public init() {}
    }

    public let configuration: Configuration
    private let forks = cplatform_fork_count()
    private let state = Lock(State())

    private struct State {
        /// While it is started.
        var session: TraceSession?
        /// Since its first start.
        var queue: StreamQueue?
        var clock: TraceClock?
    }

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    deinit { stop() }

    private var isForked: Bool { forks != cplatform_fork_count() }

    /// Subscribes, from a new generation on. What was not taken since an earlier start is let go.
    ///
    /// - Throws: ``FlightRecorderError/alreadyStarted``; ``FlightRecorderError/configuration(field:value:allowed:)``;
    ///   ``FlightRecorderError/arena(_:)`` where the memory cannot be had; ``FlightRecorderError/forked`` for a stream made
    ///   before this process was forked.
    public func start() throws(FlightRecorderError) {
        guard !isForked else { throw .forked }
        guard configuration.queueDepth >= 1 else {
            throw .configuration(field: "queueDepth", value: "\(configuration.queueDepth)", allowed: "1 or more")
        }
        if let latency = configuration.maximumLatency, latency < .milliseconds(1) {
            throw .configuration(field: "maximumLatency", value: "\(latency)", allowed: "1 millisecond or more")
        }
        guard configuration.maximumBytes > 0 else {
            throw .configuration(field: "maximumBytes", value: "\(configuration.maximumBytes)", allowed: "1 or more")
        }
        try state.withLock { state throws(FlightRecorderError) in
            guard state.session == nil else { throw .alreadyStarted }
            let session = try Self.join(preferring: configuration.maximumBytes)
            do throws(FlightRecorderError) { _ = try session.closeGeneration() } catch {
                TraceStore.leave(session)
                throw error
            }
            let queue = StreamQueue(depth: configuration.queueDepth)
            session.hub.add(queue)
            // Also wakes the thread that is to look at the hand from now on.
            session.want(period: configuration.maximumLatency?.nanoseconds, for: self)
            state = State(session: session, queue: queue, clock: session.clock)
        }
    }

    /// Ends the subscription, at the end of a generation: what happened before the call can still be taken, then comes nil.
    /// Does nothing where it is not started.
    public func stop() {
        guard !isForked else { return }
        state.withLock { state in
            guard let session = state.session, let queue = state.queue else { return }
            _ = try? session.closeGeneration()
            session.hub.remove(queue)
            session.want(period: nil, for: self)
            state.clock = session.clock
            state.session = nil
            TraceStore.leave(session)
        }
    }

    /// Whether it is started.
    public var isStarted: Bool { !isForked && state.withLock { $0.session != nil } }

    /// The next generation. Waits for it, at most for `timeout` (nil: as long as it takes); nil after that time, and where the
    /// stream is stopped, or was never started, and everything is taken. Zero does not wait.
    public func next(timeout: Duration? = nil) -> TraceGeneration? {
        queue?.next(nanoseconds: timeout?.nanoseconds)
    }

    /// The generations, each to whoever asks first; they end once the stream is stopped.
    public func generations() -> TraceGenerations { TraceGenerations(self) }

    /// How it fares.
    public var statistics: Statistics { queue?.statistics ?? Statistics() }

    var queue: StreamQueue? { isForked ? nil : state.withLock { $0.queue } }

    /// From ticks to time, as known now; nil before the first start.
    var clock: TraceClock? { isForked ? nil : state.withLock { $0.session?.clock ?? $0.clock } }

    /// Takes part in a store of `bytes`, or in the one there is.
    private static func join(preferring bytes: Int) throws(FlightRecorderError) -> TraceSession {
        var wanted = bytes
        while true {
            do throws(FlightRecorderError) {
                return try TraceStore.join(maximumBytes: wanted)
            } catch .storeTooSmall(_, let available) {
                wanted = available
            }
        }
    }
}

/// What `for await` goes through. Ends when the stream is stopped and all is taken, or the task cancelled.
public struct TraceGenerations: AsyncSequence, Sendable {
    public typealias Element = TraceGeneration
    public typealias Failure = Never

    private let stream: TraceStream

    init(_ stream: TraceStream) { self.stream = stream }

    public func makeAsyncIterator() -> Iterator { Iterator(stream: stream) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let stream: TraceStream

        public mutating func next() async -> TraceGeneration? { await stream.queue?.next() }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> TraceGeneration? {
            await stream.queue?.next()
        }
    }
}
