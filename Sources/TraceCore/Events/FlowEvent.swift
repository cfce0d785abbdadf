internal import CPlatform

/// Numbers for flows.
public enum Flow {
    /// A number that no other flow or span of the process has: what one part of a program begins and hands to another, with
    /// the number beside it.
    ///
    ///     let flow = Flow.next()
    ///     Events.request.begin(flow)       // here
    ///     Events.request.step(flow)        // on whichever thread or task goes on with it
    ///     Events.request.end(flow)
    ///
    /// Numbers are small, so that records are: each thread draws a thousand at a time. Not in any order. Some 5 ns; any
    /// thread, a signal handler, too.
    public static func next() -> UInt64 { cplatform_unique_number() }
}

/// Connects spans of any threads: what one of them began, others go on with. ``Flow/next()`` gives a number.
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
