internal import CPlatform
internal import MemoryAccess

/// Something with a begin and an end on any threads, which does not nest in what its threads do: a request, the work of a
/// task that waits in between.
///
///     static let request = AsyncSpanEvent("request", category: "http")
///     let span = request.begin()
///     ...                              // on other threads, in other tasks
///     request.end(span)
///
/// Each span has a number that no other one of the process has. Its begin also tells the number of the task that it was
/// made in, and of a task with a name, an event "task" of the category "task" tells the name: at its first begin in each
/// generation. The handle takes two schema ids.
@frozen
public struct AsyncSpanEvent: ~Copyable, Sendable {
    public let opening: EventState
    public let closing: EventState

    @inlinable @inline(__always)
    public init(_ name: StaticString, category: StaticString = "default") {
        opening = EventState(name, category: category, kind: .asyncBegin)
        closing = EventState(name, category: category, kind: .asyncEnd)
    }

    /// Begins a span now. Any thread. Where the event is off, nothing is done beyond a look at its switch.
    @inlinable @inline(__always)
    public func begin() -> AsyncSpan { opening.isOn ? opened(at: .now) : .none }

    /// Begins a span at a stamp that was taken before.
    @inlinable @inline(__always)
    public func begin(at stamp: Stamp) -> AsyncSpan { opening.isOn ? opened(at: stamp) : .none }

    /// Ends a span that ``begin()`` of this event gave, once. Any thread. Nothing where its begin was not recorded.
    @inlinable @inline(__always)
    public func end(_ span: AsyncSpan) { if span.number != 0 { close(span, at: .now) } }

    @inlinable @inline(__always)
    public func end(_ span: AsyncSpan, at stamp: Stamp) { if span.number != 0 { close(span, at: stamp) } }

    /// Registers the events without emitting them. Any thread. From then on signal handlers may emit them, on any thread.
    public func register() { _ = registered }

    private var registered: (opening: UInt16, closing: UInt16) {
        let span = EventSchema.Field(name: "span", type: .unsigned)
        return EventState.registeredSpan(opening, [span, .init(name: "task", type: .unsigned)], closing, [span])
    }

    @usableFromInline
    @inline(never)
    func opened(at stamp: Stamp) -> AsyncSpan {
        // Until it is registered, an event's switch does not tell that its category is off.
        if opening.id == 0, ThreadLane.offPath({ registered }) == nil || !opening.isOn { return .none }
        let number = cplatform_unique_number()
        let task = cplatform_task_number()
        if task != 0 { TaskName.tell(of: task, at: stamp) }
        opening.emit(
            DenseEncoding.two(number, task), at: stamp, as: DenseEncoding.self, changing: NoSpanChange.self
        ) { registered.opening }
        guard opening.id != EventRegistry.none, cplatform_has_lane() else {
            return AsyncSpan(number: number, start: stamp, id: opening.id, slot: AsyncSpan.noSlot)
        }
        let lane = Lane<NativeMemory>(cplatform_lane())
        let arena = ArenaView<NativeMemory>(mapping: lane.arena)
        let slot = arena.list(
            AsyncSpanTable.Span(
                number: number, entry: SpanEntry(id: UInt32(opening.id), units: stamp.units),
                lane: UInt32(arena.number(of: lane)), thread: lane.thread))
        return AsyncSpan(
            number: number, start: stamp, id: opening.id, slot: slot.map { UInt16($0) } ?? AsyncSpan.noSlot)
    }

    @usableFromInline
    @inline(never)
    func close(_ span: AsyncSpan, at stamp: Stamp) {
        closing.emit(
            DenseEncoding.one(span.number), at: stamp, as: DenseEncoding.self, changing: NoSpanChange.self
        ) { registered.closing }
        // Also where the event is off by now.
        guard span.slot != AsyncSpan.noSlot, cplatform_has_lane() || ThreadLane.attach() else { return }
        let arena = ArenaView<NativeMemory>(mapping: Lane<NativeMemory>(cplatform_lane()).arena)
        arena.unlist(span.number, slot: Int(span.slot))
    }
}

/// A span across threads that has begun. A value of 24 bytes that any thread may hold.
@frozen
public struct AsyncSpan: Sendable, Hashable {
    /// Of this span alone in the process; 0 where its begin was not recorded.
    public let number: UInt64
    public let start: Stamp
    /// Schema id of its begin.
    public let id: UInt16
    @usableFromInline let slot: UInt16

    @usableFromInline
    init(number: UInt64, start: Stamp, id: UInt16, slot: UInt16) {
        self.number = number
        self.start = start
        self.id = id
        self.slot = slot
    }

    @usableFromInline static var noSlot: UInt16 { .max }

    /// What a begin gives whose event is off. Its end does nothing.
    @inlinable public static var none: AsyncSpan { AsyncSpan(none: ()) }

    @inlinable @inline(__always)
    init(none: Void) {
        number = 0
        start = Stamp(ticks: 0)
        id = 0
        slot = .max
    }
}
