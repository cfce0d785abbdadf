public import CPlatform
internal import MemoryAccess
public import Synchronization

/// What all event handles are made of: what one event is called, and its number once it was first emitted.
///
/// A handle is meant to be a `static let` or a global, which the compiler lays out in the program: emitting through it
/// then takes no lock and runs no initialiser.
@frozen
public struct EventState: ~Copyable, Sendable {
    public let name: StaticString
    public let category: StaticString
    public let kind: EventKind
    /// 0 until registered.
    @usableFromInline let number = Atomic<UInt32>(0)

    @inlinable @inline(__always)
    public init(_ name: StaticString, category: StaticString, kind: EventKind) {
        self.name = name
        self.category = category
        self.kind = kind
    }

    /// The schema's id, or 0 before the event was first emitted or registered. Any thread.
    @inlinable
    public var id: UInt16 { UInt16(truncatingIfNeeded: number.load(ordering: .relaxed)) }

    /// Whether an emit records anything now. Any thread.
    @inlinable @inline(__always)
    public var isOn: Bool { cplatform_event_switch(UInt32(id)) != 0 }

    /// The id, registered now where it was not. Any thread; takes a lock and allocates the first time.
    ///
    /// - Returns: ``EventRegistry/none`` where all ids are taken.
    @inlinable
    @inline(never)
    package func registered(_ fields: () -> [EventSchema.Field]) -> UInt16 {
        let known = id
        return known != 0 ? known : register(fields())
    }

    @usableFromInline
    func register(_ fields: [EventSchema.Field]) -> UInt16 {
        EventRegistry.shared.register(schema(fields), as: number)
    }

    /// The ids of the two events of a span, registered now where they were not: the end's is one more than the begin's. Any
    /// thread; takes a lock and allocates the first time.
    ///
    /// - Returns: ``EventRegistry/none`` twice where there are not two ids left.
    @usableFromInline
    static func registeredSpan(
        _ opening: borrowing EventState, _ openingFields: [EventSchema.Field], _ closing: borrowing EventState,
        _ closingFields: [EventSchema.Field] = []
    ) -> (opening: UInt16, closing: UInt16) {
        if closing.id == 0 {
            EventRegistry.shared.register(
                opening.schema(openingFields), as: opening.number, closing.schema(closingFields), as: closing.number)
        }
        return (opening.id, closing.id)
    }

    private func schema(_ fields: [EventSchema.Field]) -> EventSchema {
        EventSchema(id: 0, name: name.description, category: category.description, kind: kind, fields: fields)
    }
}

extension EventState {
    /// Emits through this thread's lane. Any thread; in a signal handler only where the event is registered.
    ///
    /// - Parameters:
    ///   - record: the arguments, laid out; evaluated only where the event is on.
    ///   - stamp: when it happened.
    ///   - fields: of the schema, for the first time.
    @inlinable @inline(__always)
    package func emit<Encoding: RecordEncoding, Record: EncodedRecord>(
        _ record: @autoclosure () -> Record, at stamp: @autoclosure () -> Stamp, as encoding: Encoding.Type,
        fields: () -> [EventSchema.Field]
    ) {
        let id = number.load(ordering: .relaxed)
        let how = cplatform_event_switch(id)
        guard how == 1 else {
            if how != 0 { emitRare(record(), at: stamp(), as: Encoding.self, fields) }
            return
        }
        ThreadLane.emit(record(), id: id, at: stamp(), as: Encoding.self, changing: NoSpanChange.self)
    }

    /// The same for the begin or end of a span, which changes the thread's stack of open spans with it. (No way for both: one
    /// closure in another costs an emit five stores, since they are made before it is known whether they are needed.)
    ///
    /// - Parameter register: gives the event its number, the first time.
    @inlinable @inline(__always)
    package func emit<Encoding: RecordEncoding, Record: EncodedRecord, Change: SpanChange>(
        _ record: @autoclosure () -> Record, at stamp: @autoclosure () -> Stamp, as encoding: Encoding.Type,
        changing spans: Change.Type, register: () -> UInt16
    ) {
        let id = number.load(ordering: .relaxed)
        let how = cplatform_event_switch(id)
        guard how == 1 else {
            if how != 0 {
                emitRare(record(), at: stamp(), as: Encoding.self, changing: Change.self, register)
            }
            return
        }
        ThreadLane.emit(record(), id: id, at: stamp(), as: Encoding.self, changing: Change.self)
    }

    /// The first emit of an event, and each one of an event with a high number.
    @inlinable
    @inline(never)
    func emitRare<Encoding: RecordEncoding, Record: EncodedRecord>(
        _ record: Record, at stamp: Stamp, as encoding: Encoding.Type, _ fields: () -> [EventSchema.Field]
    ) {
        guard let id = ThreadLane.offPath({ registered(fields) }), cplatform_event_switch(UInt32(id)) != 0 else {
            return
        }
        Self.emit(record, number: id, at: stamp, as: Encoding.self, changing: NoSpanChange.self)
    }

    @inlinable
    @inline(never)
    func emitRare<Encoding: RecordEncoding, Record: EncodedRecord, Change: SpanChange>(
        _ record: Record, at stamp: Stamp, as encoding: Encoding.Type, changing spans: Change.Type,
        _ register: () -> UInt16
    ) {
        guard let id = ThreadLane.offPath(register), cplatform_event_switch(UInt32(id)) != 0 else { return }
        Self.emit(record, number: id, at: stamp, as: Encoding.self, changing: Change.self)
    }

    /// Emits an event whose number is known, and may be a high one.
    @inlinable @inline(__always)
    package static func emit<Encoding: RecordEncoding, Record: EncodedRecord, Change: SpanChange>(
        _ record: Record, number id: UInt16, at stamp: Stamp, as encoding: Encoding.Type, changing spans: Change.Type
    ) {
        if id == EventRegistry.none {
            ThreadLane.countRefused()
        } else if id <= Encoding.maximumID {
            ThreadLane.emit(record, id: UInt32(id), at: stamp, as: Encoding.self, changing: Change.self)
        } else {
            let extended = ExtendedRecord<Encoding, Record>(record)
            ThreadLane.emit(extended, id: UInt32(id), at: stamp, as: Encoding.self, changing: Change.self)
        }
    }
}
