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
