/// Something with a begin and an end on one thread. Spans of a thread nest.
///
///     static let parse = SpanEvent("parse", category: "http")
///     parse.begin(); defer { parse.end() }
///
/// The spans that are open at any time, ``GenericArena/openSpans()`` tells, also where the record of their begin was
/// overwritten. An end closes the innermost open span of this event, and those inside it that were never ended; where
/// there is none, it is recorded and closes nothing. So a begin or an end that was not recorded, because its category was off,
/// upsets no other span. The handle takes two schema ids, the end's one more than the begin's.
@frozen
public struct SpanEvent: ~Copyable, Sendable {
    public let opening: EventState
    public let closing: EventState

    @inlinable @inline(__always)
    public init(_ name: StaticString, category: StaticString = "default") {
        opening = EventState(name, category: category, kind: .begin)
        closing = EventState(name, category: category, kind: .end)
    }

    /// Begins a span now, or at a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func begin() { begin(reading: .now) }

    @inlinable @inline(__always)
    public func begin(at stamp: Stamp) { begin(reading: stamp) }

    /// Ends the innermost open span of this event. The thread of ``begin()``.
    @inlinable @inline(__always)
    public func end() { end(reading: .now) }

    @inlinable @inline(__always)
    public func end(at stamp: Stamp) { end(reading: stamp) }

    /// Ends this span and begins `next` at the same instant: the clock is read once.
    @inlinable @inline(__always)
    public func end(beginning next: borrowing SpanEvent, at stamp: Stamp = .now) {
        end(at: stamp)
        next.begin(at: stamp)
    }

    @inlinable @inline(__always)
    func begin(reading stamp: @autoclosure () -> Stamp) {
        opening.emit(DenseEncoding.none(), at: stamp(), as: DenseEncoding.self, changing: SpanPush.self) {
            EventState.registeredSpan(opening, [], closing).opening
        }
    }

    @inlinable @inline(__always)
    func end(reading stamp: @autoclosure () -> Stamp) {
        closing.emit(DenseEncoding.none(), at: stamp(), as: DenseEncoding.self, changing: SpanPop.self) {
            EventState.registeredSpan(opening, [], closing).closing
        }
    }

    /// Registers the events without emitting them. Any thread. From then on signal handlers may emit them, on any thread.
    public func register() { _ = EventState.registeredSpan(opening, [], closing) }
}

/// A span with an argument at its begin. All else as of ``SpanEvent``.
@frozen
public struct SpanEvent1<A: TraceField>: ~Copyable, Sendable {
    public let opening: EventState
    public let closing: EventState
    @usableFromInline let a: FieldName

    @inlinable @inline(__always)
    public init(
        _ name: StaticString, category: StaticString = "default", _ a: StaticString, unit: StaticString = ""
    ) {
        opening = EventState(name, category: category, kind: .begin)
        closing = EventState(name, category: category, kind: .end)
        self.a = FieldName(a, unit)
    }

    /// Begins a span now, or at a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func begin(_ a: A) { begin(a, reading: .now) }

    @inlinable @inline(__always)
    public func begin(_ a: A, at stamp: Stamp) { begin(a, reading: stamp) }

    /// Ends the innermost open span of this event. The thread of ``begin(_:)``.
    @inlinable @inline(__always)
    public func end() { end(reading: .now) }

    @inlinable @inline(__always)
    public func end(at stamp: Stamp) { end(reading: stamp) }

    @inlinable @inline(__always)
    func begin(_ a: A, reading stamp: @autoclosure () -> Stamp) {
        if A.isText {
            guard opening.isOn else { return }
            a.withTraceText { bytes in
                opening.emit(
                    DenseEncoding.text(TextArgument(bytes)), at: stamp(), as: DenseEncoding.self,
                    changing: SpanPush.self, register: { registered.opening })
            }
        } else {
            opening.emit(
                DenseEncoding.one(a.traceWord), at: stamp(), as: DenseEncoding.self, changing: SpanPush.self
            ) { registered.opening }
        }
    }

    @inlinable @inline(__always)
    func end(reading stamp: @autoclosure () -> Stamp) {
        closing.emit(DenseEncoding.none(), at: stamp(), as: DenseEncoding.self, changing: SpanPop.self) {
            registered.closing
        }
    }

    @inlinable var registered: (opening: UInt16, closing: UInt16) {
        EventState.registeredSpan(opening, [a.field(A.traceType)], closing)
    }

    /// Registers the events without emitting them. Any thread. From then on signal handlers may emit them, on any thread.
    public func register() { _ = registered }
}
