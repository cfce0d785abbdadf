internal import CPlatform
internal import MemoryAccess
internal import Synchronization

/// All events of the process, by number, and which of them are recorded. Any thread; takes a lock, and allocates.
@usableFromInline
final class EventRegistry: Sendable {
    static let shared = EventRegistry()

    private struct State {
        var schemas: [EventSchema] = []
        var texts: [String] = []
        /// The events that errors of a category are recorded as.
        var errors: [String: UInt16] = [:]
        /// Categories that were switched; all others are on.
        var categories: [String: Bool] = [:]
        /// The forks before the recording began, nil while there is none: a forked child records nothing.
        var recordingSince: UInt32?

        /// Of the file that is recorded into: everything that is registered is in it (RingMetadata.swift, invariant 2).
        var metadata: RingMetadata<NativeMemory>?

        /// Invariant: a switch is on where the process records and the category is on. Switch 0 is that of all events
        /// that are not registered yet.
        func isOn(_ schema: EventSchema) -> Bool { isRecording && categories[schema.category] ?? true }

        func updateSwitch(_ schema: EventSchema) {
            let on = schema.id <= RecordID.lastEvent ? cplatform_event_is_on : cplatform_event_is_rare
            cplatform_set_event_switch(schema.id, UInt8(isOn(schema) ? on : cplatform_event_is_off))
        }

        func noteSwitch(_ category: String) {
            let now = Stamp.now.units
            for schema in schemas where schema.category == category {
                cplatform_set_event_switch_time(schema.id, now)
            }
        }

        /// `schema` gets the next number; false where there is none.
        mutating func append(_ schema: EventSchema) -> Bool {
            guard schemas.count + 1 < Int(EventRegistry.none) else { return false }
            schemas.append(schema)
            schemas[schemas.count - 1].id = UInt16(schemas.count)
            metadata?.append(schemas[schemas.count - 1])
            updateSwitch(schemas[schemas.count - 1])
            return true
        }

        var isRecording: Bool { recordingSince == cplatform_fork_count() }

        func updateSwitches() {
            let unregistered = isRecording ? cplatform_event_is_rare : cplatform_event_is_off
            cplatform_set_event_switch(0, UInt8(unregistered))
            cplatform_set_event_switch(EventRegistry.none, UInt8(unregistered))
            schemas.forEach(updateSwitch)
        }
    }

    private let state = Lock(State())

    /// Over a fork: another thread's lock would never be released in the child.
    func hold(_ takes: Bool) { if takes { state.lock() } else { state.unlock() } }

    /// The number of all events that come when every other one is taken: none of them is recorded, all are counted.
    @usableFromInline static let none: UInt16 = 65535

    /// Gives an event its id, unless `number` holds one by now: 1 to 65534, or ``none``.
    func register(_ schema: EventSchema, as number: borrowing Atomic<UInt32>) -> UInt16 {
        state.withLock { state in
            let known = UInt16(truncatingIfNeeded: number.load(ordering: .relaxed))
            guard known == 0 else { return known }
            let id = state.append(schema) ? UInt16(state.schemas.count) : Self.none
            number.store(UInt32(id), ordering: .releasing)
            return id
        }
    }

    /// Gives the two events of a span ids that follow each other, unless they have them by now. Both are ``none`` where there
    /// are not two left.
    func register(
        _ opening: EventSchema, as openingNumber: borrowing Atomic<UInt32>, _ closing: EventSchema,
        as closingNumber: borrowing Atomic<UInt32>
    ) {
        state.withLock { state in
            guard openingNumber.load(ordering: .relaxed) == 0 else { return }
            var (first, second) = (Self.none, Self.none)
            if state.schemas.count + 2 < Int(Self.none), state.append(opening), state.append(closing) {
                second = UInt16(state.schemas.count)
                first = second - 1
            }
            openingNumber.store(UInt32(first), ordering: .releasing)
            closingNumber.store(UInt32(second), ordering: .releasing)
        }
    }

    /// The event that errors of a category are recorded as: an id, or ``none``.
    func errorEvent(of category: StaticString) -> UInt16 {
        state.withLock { state in
            let category = category.description
            if let known = state.errors[category] { return known }
            let schema = EventSchema(
                id: 0, name: "error", category: category,
                fields: [.init(name: "type", type: .string), .init(name: "span", type: .unsigned)])
            let id = state.append(schema) ? UInt16(state.schemas.count) : Self.none
            state.errors[category] = id
            return id
        }
    }

    /// Gives a static text its number, 1 or more, unless it has one by now.
    func register(_ text: String, as number: borrowing Atomic<UInt32>) -> UInt32 {
        state.withLock { state in
            let known = number.load(ordering: .relaxed)
            guard known == 0 else { return known }
            state.texts.append(text)
            state.metadata?.append(NativeString(number: UInt32(state.texts.count), text: text))
            number.store(UInt32(state.texts.count), ordering: .releasing)
            return UInt32(state.texts.count)
        }
    }

    /// In the order of their ids, 1 and on.
    var schemas: [EventSchema] { state.withLock { $0.schemas } }

    /// In the order of their numbers, 1 and on.
    var texts: [String] { state.withLock { $0.texts } }

    /// - Parameter metadata: of the file that is recorded into.
    func setRecording(_ isOn: Bool, metadata: RingMetadata<NativeMemory>? = nil) {
        state.withLock { state in
            state.metadata = metadata
            if let metadata {
                for schema in state.schemas { metadata.append(schema) }
                for (index, text) in state.texts.enumerated() {
                    metadata.append(NativeString(number: UInt32(index + 1), text: text))
                }
            }
            state.recordingSince = isOn ? cplatform_fork_count() : nil
            state.updateSwitches()
        }
    }

    func setCategory(_ category: String, isOn: Bool) {
        state.withLock { state in
            guard state.categories[category] ?? true != isOn else { return }
            // Between the two no begin is recorded: so none that comes before an instant that is noted here sees its end
            // recorded after it.
            if isOn { state.noteSwitch(category) }
            state.categories[category] = isOn
            state.updateSwitches()
            if !isOn { state.noteSwitch(category) }
        }
    }

    func isOn(category: String) -> Bool { state.withLock { $0.categories[category] ?? true } }
}
