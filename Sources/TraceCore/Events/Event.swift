internal import CPlatform

// One type per number of fields: parameter packs are not specialised on this path.

/// The name of a field, and what its numbers count.
@frozen
public struct FieldName: Sendable {
    @usableFromInline let name: StaticString
    @usableFromInline let unit: StaticString

    @inlinable @inline(__always)
    init(_ name: StaticString, _ unit: StaticString) {
        self.name = name
        self.unit = unit
    }

    @inlinable
    func field(_ type: FieldType) -> EventSchema.Field {
        EventSchema.Field(name: name.description, type: type, unit: unit.description)
    }
}

/// An event without fields.
///
///     static let collected = Event0("collected", category: "gc")
///     collected.emit()
@frozen
public struct Event0: ~Copyable, Sendable {
    public let state: EventState

    @inlinable @inline(__always)
    public init(_ name: StaticString, category: StaticString = "default", kind: EventKind = .instant) {
        state = EventState(name, category: category, kind: kind)
    }

    /// Records the event, now. Any thread.
    @inlinable @inline(__always)
    public func emit() { emit(reading: .now) }

    /// Records the event at a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func emit(at stamp: Stamp) { emit(reading: stamp) }

    @inlinable @inline(__always)
    func emit(reading stamp: @autoclosure () -> Stamp) {
        state.emit(DenseEncoding.none(), at: stamp(), as: DenseEncoding.self) { [] }
    }

    /// Registers the event without emitting it. Any thread. From then on signal handlers may emit it, on any thread.
    public func register() { _ = state.registered { [] } }
}

/// An event with one field.
///
///     static let read = Event1<Int>("read", category: "io", "count", unit: "bytes")
///     read.emit(count)
@frozen
public struct Event1<A: TraceField>: ~Copyable, Sendable {
    public let state: EventState
    @usableFromInline let a: FieldName

    @inlinable @inline(__always)
    public init(
        _ name: StaticString, category: StaticString = "default", kind: EventKind = .instant,
        _ a: StaticString, unit: StaticString = ""
    ) {
        state = EventState(name, category: category, kind: kind)
        self.a = FieldName(a, unit)
    }

    /// Records the event, now. Any thread. Of a string, at most 1024 bytes are kept.
    @inlinable @inline(__always)
    public func emit(_ a: A) { emit(a, reading: .now) }

    /// Records the event at a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func emit(_ a: A, at stamp: Stamp) { emit(a, reading: stamp) }

    @inlinable @inline(__always)
    func emit(_ a: A, reading stamp: @autoclosure () -> Stamp) {
        if A.isText {
            guard state.isOn else { return }
            a.withTraceText { bytes in
                state.emit(
                    DenseEncoding.text(TextArgument(bytes)), at: stamp(), as: DenseEncoding.self, fields: { fields })
            }
        } else {
            state.emit(DenseEncoding.one(a.traceWord), at: stamp(), as: DenseEncoding.self) { fields }
        }
    }

    @inlinable package var fields: [EventSchema.Field] { [a.field(A.traceType)] }

    /// Registers the event without emitting it. Any thread. From then on signal handlers may emit it, on any thread.
    public func register() { _ = state.registered { fields } }
}

/// An event with two fields.
@frozen
public struct Event2<A: TraceField, B: TraceField>: ~Copyable, Sendable {
    public let state: EventState
    @usableFromInline let a, b: FieldName

    @inlinable @inline(__always)
    public init(
        _ name: StaticString, category: StaticString = "default", kind: EventKind = .instant,
        _ a: StaticString, unit aUnit: StaticString = "", _ b: StaticString, unit bUnit: StaticString = ""
    ) {
        state = EventState(name, category: category, kind: kind)
        self.a = FieldName(a, aUnit)
        self.b = FieldName(b, bUnit)
    }

    /// Records the event, now. Any thread. Of a string, at most 1024 bytes are kept.
    @inlinable @inline(__always)
    public func emit(_ a: A, _ b: B) { emit(a, b, reading: .now) }

    /// Records the event at a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func emit(_ a: A, _ b: B, at stamp: Stamp) { emit(a, b, reading: stamp) }

    @inlinable @inline(__always)
    func emit(_ a: A, _ b: B, reading stamp: @autoclosure () -> Stamp) {
        if A.isText || B.isText {
            state.emitWide(at: stamp(), fields: { fields }) { payload in
                payload.append(a, fieldsLeft: 1)
                payload.append(b, fieldsLeft: 0)
            }
        } else {
            state.emit(DenseEncoding.two(a.traceWord, b.traceWord), at: stamp(), as: DenseEncoding.self) { fields }
        }
    }

    @inlinable package var fields: [EventSchema.Field] { [a.field(A.traceType), b.field(B.traceType)] }

    /// Registers the event without emitting it. Any thread. From then on signal handlers may emit it, on any thread.
    public func register() { _ = state.registered { fields } }
}

/// An event with three fields.
@frozen
public struct Event3<A: TraceField, B: TraceField, C: TraceField>: ~Copyable, Sendable {
    public let state: EventState
    @usableFromInline let a, b, c: FieldName

    @inlinable @inline(__always)
    public init(
        _ name: StaticString, category: StaticString = "default", kind: EventKind = .instant,
        _ a: StaticString, unit aUnit: StaticString = "", _ b: StaticString, unit bUnit: StaticString = "",
        _ c: StaticString, unit cUnit: StaticString = ""
    ) {
        state = EventState(name, category: category, kind: kind)
        self.a = FieldName(a, aUnit)
        self.b = FieldName(b, bUnit)
        self.c = FieldName(c, cUnit)
    }

    /// Records the event, now. Any thread. Of a string, at most 1024 bytes are kept.
    @inlinable @inline(__always)
    public func emit(_ a: A, _ b: B, _ c: C) { emit(a, b, c, reading: .now) }

    /// Records the event at a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func emit(_ a: A, _ b: B, _ c: C, at stamp: Stamp) { emit(a, b, c, reading: stamp) }

    @inlinable @inline(__always)
    func emit(_ a: A, _ b: B, _ c: C, reading stamp: @autoclosure () -> Stamp) {
        if A.isText || B.isText || C.isText {
            state.emitWide(at: stamp(), fields: { fields }) { payload in
                payload.append(a, fieldsLeft: 2)
                payload.append(b, fieldsLeft: 1)
                payload.append(c, fieldsLeft: 0)
            }
        } else {
            state.emit(
                DenseEncoding.three(a.traceWord, b.traceWord, c.traceWord), at: stamp(), as: DenseEncoding.self
            ) { fields }
        }
    }

    @inlinable package var fields: [EventSchema.Field] {
        [a.field(A.traceType), b.field(B.traceType), c.field(C.traceType)]
    }

    /// Registers the event without emitting it. Any thread. From then on signal handlers may emit it, on any thread.
    public func register() { _ = state.registered { fields } }
}

/// An event with four fields: 2 bytes longer than one of fewer, and slower.
@frozen
public struct Event4<A: TraceField, B: TraceField, C: TraceField, D: TraceField>: ~Copyable, Sendable {
    public let state: EventState
    @usableFromInline let a, b, c, d: FieldName

    @inlinable @inline(__always)
    public init(
        _ name: StaticString, category: StaticString = "default", kind: EventKind = .instant,
        _ a: StaticString, unit aUnit: StaticString = "", _ b: StaticString, unit bUnit: StaticString = "",
        _ c: StaticString, unit cUnit: StaticString = "", _ d: StaticString, unit dUnit: StaticString = ""
    ) {
        state = EventState(name, category: category, kind: kind)
        self.a = FieldName(a, aUnit)
        self.b = FieldName(b, bUnit)
        self.c = FieldName(c, cUnit)
        self.d = FieldName(d, dUnit)
    }

    /// Records the event, now. Any thread. Of a string, at most 1024 bytes are kept.
    @inlinable @inline(__always)
    public func emit(_ a: A, _ b: B, _ c: C, _ d: D) { emit(a, b, c, d, reading: .now) }

    /// Records the event at a stamp that was taken before. Any thread.
    @inlinable @inline(__always)
    public func emit(_ a: A, _ b: B, _ c: C, _ d: D, at stamp: Stamp) { emit(a, b, c, d, reading: stamp) }

    @inlinable @inline(__always)
    func emit(_ a: A, _ b: B, _ c: C, _ d: D, reading stamp: @autoclosure () -> Stamp) {
        state.emitWide(at: stamp(), fields: { fields }) { payload in
            payload.append(a, fieldsLeft: 3)
            payload.append(b, fieldsLeft: 2)
            payload.append(c, fieldsLeft: 1)
            payload.append(d, fieldsLeft: 0)
        }
    }

    @inlinable package var fields: [EventSchema.Field] {
        [a.field(A.traceType), b.field(B.traceType), c.field(C.traceType), d.field(D.traceType)]
    }

    /// Registers the event without emitting it. Any thread. From then on signal handlers may emit it, on any thread.
    public func register() { _ = state.registered { fields } }
}

extension EventState {
    /// Emits an event whose fields `lay` lays out.
    @inlinable
    package func emitWide(
        at stamp: @autoclosure () -> Stamp, fields: () -> [EventSchema.Field], _ lay: (inout WidePayload) -> Void
    ) {
        guard isOn else { return }
        withUnsafeTemporaryAllocation(byteCount: WidePayload.maximumByteCount + 8, alignment: 8) { buffer in
            var payload = WidePayload(in: buffer)
            lay(&payload)
            emit(DenseEncoding.wide(payload.bytes), at: stamp(), as: DenseEncoding.self, fields: fields)
        }
    }

    /// Emits an event without a handle, whose fields `lay` lays out.
    static func emitWide(number: UInt16, at stamp: Stamp, _ lay: (inout WidePayload) -> Void) {
        guard cplatform_event_switch(UInt32(number)) != 0 else { return }
        withUnsafeTemporaryAllocation(byteCount: WidePayload.maximumByteCount + 8, alignment: 8) { buffer in
            var payload = WidePayload(in: buffer)
            lay(&payload)
            emit(
                DenseEncoding.wide(payload.bytes), number: number, at: stamp, as: DenseEncoding.self,
                changing: NoSpanChange.self)
        }
    }
}

extension WidePayload {
    @inlinable
    mutating func append<Field: TraceField>(_ field: Field, fieldsLeft: Int) {
        guard Field.isText else { return append(number: field.traceWord) }
        field.withTraceText { append(text: $0, fieldsLeft: fieldsLeft) }
    }
}
