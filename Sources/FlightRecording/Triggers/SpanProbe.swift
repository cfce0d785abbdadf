public import TraceCore

/// Looks at the open spans: which of a kind has been open for too long. So a span fires while it still runs, also one that
/// never ends, and the threads that make spans do nothing for it.
struct SpanProbe: TriggerProbe {
    let limit: UInt64
    let reason: String
    let schema: UInt16
    private let unitsPerSecond: UInt64
    /// Spans that have fired and are still open.
    private var fired: Set<Span> = []

    private struct Span: Hashable {
        var lane: UInt32
        var start: UInt64
        var number: UInt64
    }

    /// - Parameter rate: of the trace clock.
    init(limit: UInt64, name: String, schema: UInt16, rate: ClockRate) {
        self.limit = limit
        self.schema = schema
        reason = "slow-\(name)"
        unitsPerSecond = max(1, rate.ticksPerSecond >> Stamp.unitShift)
    }

    /// An eighth of the limit: a span that outlasts it by as much is always seen.
    var period: UInt64? { max(limit / 8, 1_000_000) }

    mutating func ask() -> String? {
        guard let arena = Trace.arena else { return nil }
        let now = Stamp.now.units
        let units = UInt64(clamping: (UInt128(limit) * UInt128(unitsPerSecond)) / 1_000_000_000)
        let slow = arena.openSpans().filter { $0.schema == schema && now > $0.start && now - $0.start >= units }
        let found = Set(slow.map { Span(lane: $0.lane, start: $0.start, number: $0.number) })
        defer { fired = found }
        return found.isSubset(of: fired) ? nil : reason
    }
}

extension SnapshotTrigger {
    /// Fires when a span of this kind has been open for `limit`: once a span, while it still runs. Looked at every eighth of
    /// the limit, and at most every millisecond: a span that outlasts it by less may end unseen.
    public func fire(whenLongerThan limit: Duration, _ event: borrowing SpanEvent) {
        event.register()
        add(probe(limit, event.opening))
    }

    /// The same for spans with an argument.
    public func fire<A: TraceField>(whenLongerThan limit: Duration, _ event: borrowing SpanEvent1<A>) {
        event.register()
        add(probe(limit, event.opening))
    }

    /// The same for spans across threads and tasks.
    public func fire(whenLongerThan limit: Duration, _ event: borrowing AsyncSpanEvent) {
        event.register()
        add(probe(limit, event.opening))
    }

    private func probe(_ limit: Duration, _ opening: borrowing EventState) -> SpanProbe {
        SpanProbe(limit: limit.nanoseconds, name: opening.name.description, schema: opening.id, rate: TraceClock().rate)
    }
}
