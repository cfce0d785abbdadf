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

    /// Any thread.
    @inlinable @inline(__always)
    public func begin(at stamp: @autoclosure () -> Stamp = .now) {
        opening.emit(DenseEncoding.none(), at: stamp(), as: DenseEncoding.self) { [] }
    }

    /// The thread of ``begin(at:)``.
    @inlinable @inline(__always)
    public func end(at stamp: @autoclosure () -> Stamp = .now) {
        closing.emit(DenseEncoding.none(), at: stamp(), as: DenseEncoding.self) { [] }
    }

    /// Ends this span and begins `next` at the same instant: the clock is read once.
    @inlinable @inline(__always)
    public func end(beginning next: borrowing SpanEvent, at stamp: @autoclosure () -> Stamp = .now) {
        let instant = stamp()
        end(at: instant)
        next.begin(at: instant)
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

    /// Any thread.
    @inlinable @inline(__always)
    public func begin(_ a: A, at stamp: @autoclosure () -> Stamp = .now) { opening.emit(a, at: stamp()) }

    /// The thread of ``begin(_:at:)``.
    @inlinable @inline(__always)
    public func end(at stamp: @autoclosure () -> Stamp = .now) {
        closing.emit(DenseEncoding.none(), at: stamp(), as: DenseEncoding.self) { [] }
    }
}

/// A number that goes up and down.
@frozen
public struct CounterEvent<Value: TraceField>: ~Copyable, Sendable {
    @usableFromInline let event: Event1<Value>

    @inlinable @inline(__always)
    public init(_ name: StaticString, category: StaticString = "default", unit: StaticString = "") {
        event = Event1(name, category: category, kind: .counter, "value", unit: unit)
    }

    /// Any thread.
    @inlinable @inline(__always)
    public func set(_ value: Value, at stamp: @autoclosure () -> Stamp = .now) { event.emit(value, at: stamp()) }
}

/// Connects spans of any threads: what one of them began, others go on with.
@frozen
public struct FlowEvent: ~Copyable, Sendable {
    @usableFromInline let opening, step, closing: Event1<UInt64>

    @inlinable @inline(__always)
    public init(_ name: StaticString, category: StaticString = "default") {
        opening = Event1(name, category: category, kind: .flowBegin, "flow")
        step = Event1(name, category: category, kind: .flowStep, "flow")
        closing = Event1(name, category: category, kind: .flowEnd, "flow")
    }

    /// - Parameter flow: its number, the same in every step. Any thread.
    @inlinable @inline(__always)
    public func begin(_ flow: UInt64, at stamp: @autoclosure () -> Stamp = .now) { opening.emit(flow, at: stamp()) }

    @inlinable @inline(__always)
    public func step(_ flow: UInt64, at stamp: @autoclosure () -> Stamp = .now) { step.emit(flow, at: stamp()) }

    @inlinable @inline(__always)
    public func end(_ flow: UInt64, at stamp: @autoclosure () -> Stamp = .now) { closing.emit(flow, at: stamp()) }
}
