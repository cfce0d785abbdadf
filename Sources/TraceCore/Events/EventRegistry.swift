internal import CPlatform

/// All events of the process, by number, and which of them are recorded. Any thread; takes a lock, and allocates.
final class EventRegistry: Sendable {
    static let shared = EventRegistry()

    private struct State {
        var schemas: [EventSchema] = []
        var texts: [String] = []
        /// Categories that were switched; all others are on.
        var categories: [String: Bool] = [:]
        /// The forks before the recording began, nil while there is none: a forked child records nothing.
        var recordingSince: UInt32?

        /// Invariant: a switch is on where the process records and the category is on. Switch 0 is that of all events
        /// that are not registered yet.
        func isOn(_ schema: EventSchema) -> Bool { isRecording && categories[schema.category] ?? true }

        func updateSwitch(_ schema: EventSchema) {
            let on = schema.id <= RecordID.lastEvent ? cplatform_event_is_on : cplatform_event_is_rare
            cplatform_set_event_switch(schema.id, UInt8(isOn(schema) ? on : cplatform_event_is_off))
        }

        var isRecording: Bool { recordingSince == cplatform_fork_count() }

        func updateSwitches() {
            let unregistered = isRecording ? cplatform_event_is_rare : cplatform_event_is_off
            cplatform_set_event_switch(0, UInt8(unregistered))
            schemas.forEach(updateSwitch)
        }
    }

    private let state = Lock(State())

    /// The largest number: 65535 stays unused.
    static let capacity = 65534

    /// - Returns: the new event's id, or nil where none is left.
    func register(
        name: String, category: String, kind: EventKind, fields: [EventSchema.Field]
    ) -> UInt16? {
        state.withLock { state in
            guard state.schemas.count < Self.capacity else { return nil }
            let id = UInt16(state.schemas.count + 1)
            let schema = EventSchema(id: id, name: name, category: category, kind: kind, fields: fields)
            state.schemas.append(schema)
            state.updateSwitch(schema)
            return id
        }
    }

    /// - Returns: the number of a static string, 1 or more.
    func register(text: String) -> UInt32 {
        state.withLock { state in
            state.texts.append(text)
            return UInt32(state.texts.count)
        }
    }

    /// In the order of their ids, 1 and on.
    var schemas: [EventSchema] { state.withLock { $0.schemas } }

    /// In the order of their numbers, 1 and on.
    var texts: [String] { state.withLock { $0.texts } }

    func setRecording(_ isOn: Bool) {
        state.withLock { state in
            state.recordingSince = isOn ? cplatform_fork_count() : nil
            state.updateSwitches()
        }
    }

    func setCategory(_ category: String, isOn: Bool) {
        state.withLock { state in
            state.categories[category] = isOn
            state.updateSwitches()
        }
    }

    func isOn(category: String) -> Bool { state.withLock { $0.categories[category] ?? true } }
}
