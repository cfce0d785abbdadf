package import Checker

/// What is checked, by the part that it belongs to.
package enum Programs {
    package static let all: [(part: String, programs: [Program])] = [
        ("slot ring", SlotRings.programs),
        ("byte ring", ByteRings.programs),
        ("broadcast ring", BroadcastRings.programs),
        ("call line", CallLines.programs),
        ("channel", Channels.programs),
        ("pages", Pages.programs),
        ("generations", Generations.programs),
        ("spans and subscribers", Spans.programs),
    ]
}
