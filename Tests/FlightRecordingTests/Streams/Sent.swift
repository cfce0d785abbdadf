import FlightRecording

/// The events that tests of streams emit.
enum Sent {
    /// Who emitted it, and how many it had emitted before.
    static let numbered = Event2<UInt64, UInt64>("numbered", category: "sent", "writer", "number")
    static let text = Event1<String>("text", category: "sent", "text")
    static let other = Event1<UInt64>("other", category: "apart", "number")
    static let wide = Event4<UInt64, String, Int, Double>(
        "wide", category: "apart", "number", "text", "sign", "fraction")
    static let plain = Event0("plain", category: "sent")
    static let three = Event3<UInt64, UInt64, UInt64>("three", category: "apart", "a", "b", "c")

    /// Their ids are known then.
    static func register() {
        numbered.register()
        text.register()
        other.register()
        wide.register()
        plain.register()
        three.register()
    }
}
