// What the decoders need to know of a kind, one byte each, so that a look-up is one load and never a jump: a switch over
// the kinds becomes an indirect jump that guesses wrong at every other record.
//
// High digit: the first version that defines the kind, less 20. Low digit: 8 for an event, plus the number of arguments.
// 0 is no kind. Rows of 16, from type byte 0 on. The source is Go's table of event specs.
//
// A string, because its bytes are constant data at every place of use: a static array is reached through a call from
// another module.

extension GoTraceKind {
    @inlinable
    @inline(__always)
    var traits: UInt8 {
        let table: StaticString = """
            \u{00}\u{24}\u{20}\u{22}\u{20}\u{21}\u{20}\u{25}\u{21}\u{2B}\u{2B}\u{29}\u{2C}\u{2B}\u{2C}\u{2A}\
            \u{2B}\u{29}\u{29}\u{2B}\u{2B}\u{2C}\u{2B}\u{29}\u{29}\u{2C}\u{2B}\u{29}\u{2A}\u{2B}\u{2A}\u{2A}\
            \u{2A}\u{2B}\u{2A}\u{2A}\u{29}\u{2A}\u{2A}\u{2A}\u{2D}\u{2B}\u{2C}\u{2C}\u{2D}\u{3B}\u{3B}\u{3C}\
            \u{3D}\u{34}\u{50}\u{54}\u{60}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\
            \u{3C}\u{3C}\u{3A}\u{3B}\u{3B}\u{3A}\u{3B}\u{3B}\u{3A}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}\u{00}
            """
        // SAFETY: the table is 144 bytes of ASCII, and the index is less than 144.
        return rawValue < 144 ? unsafe table.utf8Start[Int(rawValue)] : 0
    }

    /// The number of varints that always follow the type byte, a time delta included.
    ///
    /// What a kind carries beyond them (a string's bytes, a stack's frames) is not counted. Zero for an unknown kind.
    @inlinable
    public var argumentCount: Int { Int(traits & 7) }

    /// Whether the record stands in a thread's event stream: its first argument is a time delta in ticks.
    @inlinable
    public var isEvent: Bool { traits & 8 != 0 }

    /// Whether Go gives this byte a meaning in any version of the format.
    @inlinable
    public var isKnown: Bool { traits != 0 }
}

extension GoTraceVersion {
    /// Whether this version defines `kind`. Experimental kinds (128 and up) arrived with the experiment byte in 1.23.
    @inlinable
    public func defines(_ kind: GoTraceKind) -> Bool {
        kind.isKnown && (kind.traits &>> 4) &+ 20 <= rawValue
    }
}
