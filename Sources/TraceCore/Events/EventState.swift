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
        let schema = EventSchema(
            id: 0, name: name.description, category: category.description, kind: kind, fields: fields)
        return EventRegistry.shared.register(schema, as: number)
    }
}

extension EventState {
    /// Emits through this thread's lane. Any thread; in a signal handler only where the event is registered and the thread
    /// has emitted before.
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
        ThreadLane.emit(record(), id: id, at: stamp(), as: Encoding.self)
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
        if id == EventRegistry.none {
            ThreadLane.countRefused()
        } else if id <= Encoding.maximumID {
            ThreadLane.emit(record, id: UInt32(id), at: stamp, as: Encoding.self)
        } else {
            ThreadLane.emit(ExtendedRecord<Encoding, Record>(record), id: UInt32(id), at: stamp, as: Encoding.self)
        }
    }
}
