package import Checker

/// What is checked, by the part that it belongs to.
package enum Programs {
    package static let all: [(part: String, programs: [Program])] = [
        ("slot ring", SlotRings.programs)
    ]
}
