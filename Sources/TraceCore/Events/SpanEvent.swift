/// Something with a begin and an end on one thread. Spans of a thread nest.
///
///     static let parse = SpanEvent("parse", category: "http")
///     parse.begin(); defer { parse.end() }
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
    public func begin() { opening.emit(DenseEncoding.none(), at: .now, as: DenseEncoding.self) { [] } }

    @inlinable @inline(__always)
    public func begin(at stamp: Stamp) { opening.emit(DenseEncoding.none(), at: stamp, as: DenseEncoding.self) { [] } }

    /// Ends the innermost open span. The thread of ``begin()``.
    @inlinable @inline(__always)
    public func end() { closing.emit(DenseEncoding.none(), at: .now, as: DenseEncoding.self) { [] } }

    @inlinable @inline(__always)
    public func end(at stamp: Stamp) { closing.emit(DenseEncoding.none(), at: stamp, as: DenseEncoding.self) { [] } }

    /// Ends this span and begins `next` at the same instant: the clock is read once.
    @inlinable @inline(__always)
    public func end(beginning next: borrowing SpanEvent, at stamp: Stamp = .now) {
        end(at: stamp)
        next.begin(at: stamp)
    }

    /// Registers the events without emitting them. Any thread.
    public func register() {
        _ = opening.registered { [] }
        _ = closing.registered { [] }
    }
}

/// A span with an argument at its begin.
@frozen
public struct SpanEvent1<A: TraceField>: ~Copyable, Sendable {
    @usableFromInline let opening: Event1<A>
    @usableFromInline let closing: EventState

    @inlinable @inline(__always)
    public init(
        _ name: StaticString, category: StaticString = "default", _ a: StaticString, unit: StaticString = ""
    ) {
        opening = Event1(name, category: category, kind: .begin, a, unit: unit)
        closing = EventState(name, category: category, kind: .end)
    }

    /// Begins a span now, or at a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func begin(_ a: A) { opening.emit(a) }

    @inlinable @inline(__always)
    public func begin(_ a: A, at stamp: Stamp) { opening.emit(a, at: stamp) }

    /// Ends the innermost open span. The thread of ``begin(_:)``.
    @inlinable @inline(__always)
    public func end() { closing.emit(DenseEncoding.none(), at: .now, as: DenseEncoding.self) { [] } }

    @inlinable @inline(__always)
    public func end(at stamp: Stamp) { closing.emit(DenseEncoding.none(), at: stamp, as: DenseEncoding.self) { [] } }
}

/// A number that goes up and down.
@frozen
public struct CounterEvent<Value: TraceField>: ~Copyable, Sendable {
    @usableFromInline let event: Event1<Value>

    @inlinable @inline(__always)
    public init(_ name: StaticString, category: StaticString = "default", unit: StaticString = "") {
        event = Event1(name, category: category, kind: .counter, "value", unit: unit)
    }

    /// The value from now on, or from a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func set(_ value: Value) { event.emit(value) }

    @inlinable @inline(__always)
    public func set(_ value: Value, at stamp: Stamp) { event.emit(value, at: stamp) }
}

/// Connects spans of any threads: what one of them began, others go on with.
@frozen
public struct FlowEvent: ~Copyable, Sendable {
    @usableFromInline let opening, steps, closing: Event1<UInt64>

    @inlinable @inline(__always)
    public init(_ name: StaticString, category: StaticString = "default") {
        opening = Event1(name, category: category, kind: .flowBegin, "flow")
        steps = Event1(name, category: category, kind: .flowStep, "flow")
        closing = Event1(name, category: category, kind: .flowEnd, "flow")
    }

    /// - Parameter flow: its number, the same in every step. Any thread.
    @inlinable @inline(__always)
    public func begin(_ flow: UInt64) { opening.emit(flow) }

    @inlinable @inline(__always)
    public func begin(_ flow: UInt64, at stamp: Stamp) { opening.emit(flow, at: stamp) }

    @inlinable @inline(__always)
    public func step(_ flow: UInt64) { steps.emit(flow) }

    @inlinable @inline(__always)
    public func step(_ flow: UInt64, at stamp: Stamp) { steps.emit(flow, at: stamp) }

    @inlinable @inline(__always)
    public func end(_ flow: UInt64) { closing.emit(flow) }

    @inlinable @inline(__always)
    public func end(_ flow: UInt64, at stamp: Stamp) { closing.emit(flow, at: stamp) }
}
