/// Why a recorder, a stream or the store did not do what was asked. What was recorded so far is not touched by any of them.
public enum FlightRecorderError: Error, Hashable, Sendable {
    /// `start()` of a recorder that is recording.
    case alreadyStarted
    /// A snapshot of a recorder that is not recording.
    case notRecording
    /// A configuration that means nothing.
    case configuration(field: String, value: String, allowed: String)
    /// The store that all recorders share was sized by the first of them, and is smaller than this one asks for.
    case storeTooSmall(wanted: Int, available: Int)
    /// The store that all recorders share is kept elsewhere than this one asks for.
    case storageDiffers(wanted: TraceStorage, used: TraceStorage)
    /// `TraceStore.configure` while something records.
    case storeInUse
    /// This is a forked child: what its parent records stayed there.
    case forked
    /// The memory could not be had.
    case arena(ArenaError)
    /// A system call failed.
    case system(call: String, code: Int32)
}

extension FlightRecorderError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .alreadyStarted: "this recorder is already recording: stop() it before it is started again"
        case .notRecording: "this recorder is not recording: start() it before a snapshot is taken"
        case .configuration(let field, let value, let allowed): "\(field) is \(value), allowed is \(allowed)"
        case .storeTooSmall(let wanted, let available):
            """
            maximumBytes is \(wanted), but the store that all recorders share has \(available) bytes: start the largest \
            recorder first, or call TraceStore.configure before the first one
            """
        case .storageDiffers(let wanted, let used):
            """
            this recorder asks for its window to be kept in \(wanted), but the store that all recorders share is kept in \
            \(used): give all of them the same storage or none, and start the one that has it first
            """
        case .storeInUse:
            "the store is in use: configure it before the first recorder or stream starts, or after the last stopped"
        case .forked: "this process was forked: the recording stayed with its parent; start a new recorder"
        case .arena(let error): "no memory for the trace: \(error)"
        case .system(let call, let code): "\(call) failed with error \(code)"
        }
    }
}
