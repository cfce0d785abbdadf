/// How an error that ended a span is recorded: an event "error" of the span's category, with the name of the error's type and
/// the number of the span, 0 for the innermost of the thread.
package enum ErrorEvent {
    /// Emits it now. Any thread; allocates, and takes the registry's lock.
    package static func emit(_ error: any Error, category: StaticString, span: UInt64 = 0) {
        guard let id = ThreadLane.offPath({ EventRegistry.shared.errorEvent(of: category) }) else { return }
        EventState.emitWide(number: id, at: .now) { payload in
            payload.append(String(reflecting: type(of: error)), fieldsLeft: 1)
            payload.append(span, fieldsLeft: 0)
        }
    }
}
