public import MemoryAccess

/// How a consumer looks for new elements: closely, at the exact tail, or in strides, at the lagging one.
///
/// Eight small numbers in one word, because the consumer keeps them in a register beside its indices:
///
///     bits  0 ..<  8   successes   looks at the exact tail that found something, at most `patience`. One that found
///                                  nothing sets it back to 0, unless the last one to find something found a line
///     bits  8 ..< 16   patience    this many such looks make it stream: 4 to 128. One that streamed in vain, because the
///                                  producer sends less than a stride at a time, pauses for nothing; so each failure
///                                  doubles the patience, and each stride halves it
///     bits 16 ..< 24   delay       pauses before a streaming consumer looks again: 1 to 128, doubled while a look
///                                  brings little
///     bit  24          isStreaming
///     bit  25          evicts      while it streams, the lines that were read are evicted. Constant unless `evictsFar`
///     bit  26          foundLine   the last look at the exact tail that found something found a line or more
///     bit  27          evictsFar   `evicts` is set while the producer's lines come from far. Constant
///     bits 28 ..< 32   singles     single elements found since it streamed last; at most 8
@frozen
public struct ConsumerPace: Sendable {
    @usableFromInline var bits: UInt32

    @inlinable
    init(eviction: Eviction) {
        bits = 4 << 8 | (eviction == .always ? 1 << 25 : 0) | (eviction == .far ? 1 << 27 : 0)
    }

    @inlinable @inline(__always) var isStreaming: Bool { bits & 1 << 24 != 0 }
    /// True while lines that were read are to be evicted: it streams, and eviction pays for this ring.
    @inlinable @inline(__always) var isEvicting: Bool { bits & 3 << 24 == 3 << 24 }

    /// True where it depends on the producer's distance whether lines are evicted.
    @inlinable @inline(__always) var evictsFar: Bool { bits & 1 << 27 != 0 }
    @inlinable @inline(__always) var foundLine: Bool { bits & 1 << 26 != 0 }

    @inlinable @inline(__always) var successes: UInt32 { bits & 0xFF }
    @inlinable @inline(__always) var patience: UInt32 { bits >> 8 & 0xFF }
    @inlinable @inline(__always) var delay: UInt32 { bits >> 16 & 0xFF }

    /// True once the consumer has asked for mail: it found 8 single elements since it streamed last.
    @inlinable @inline(__always) var wantsMail: Bool { bits >> 28 == 8 }

    @inlinable @inline(__always)
    mutating func set(patience: UInt32, delay: UInt32, isStreaming: Bool) {
        bits = bits & 0b101 << 25 | (isStreaming ? 1 << 24 : 0) | delay << 16 | patience << 8
    }

    /// A look at the exact tail found nothing. A consumer right behind a streaming producer finds a line, nothing, the next
    /// line: this has to lead to streaming, or the two move in step for ever, at the price of a transfer per line.
    @inlinable @inline(__always)
    mutating func lookFailed() { if !foundLine { bits &= ~0xFF } }

    /// A look at the exact tail brought `gain`, where a cache line holds `line`. Two lines' worth are a stream.
    @inlinable @inline(__always)
    mutating func looked(gain: UInt64, line: UInt64) {
        if gain == 0 {
            lookFailed()
        } else {
            bits = bits & ~(1 << 26) | (gain >= max(2, line) ? 1 << 26 : 0)
            lookFound(isMuch: gain >= 2 &* line)
        }
    }

    @inlinable @inline(__always)
    mutating func lookFound(isMuch: Bool) {
        bits &+= 1
        if successes >= patience || isMuch && patience == 4 { set(patience: patience, delay: 1, isStreaming: true) }
    }

    /// A look at the exact tail found one element. The eighth in a row of singles makes the consumer want mail.
    @inlinable @inline(__always)
    mutating func lookFoundSingle() {
        bits &= ~(1 << 26)
        lookFound(isMuch: false)
        if !isStreaming && !wantsMail { bits &+= 1 << 28 }
    }

    /// How often a streaming consumer looks at the lagging tail before it asks for the exact one.
    @inlinable @inline(__always) static var polls: UInt32 { 32 }

    /// A look at the lagging tail brought something, `enough` or less than is worth a look, from `isFar` or near.
    @inlinable @inline(__always)
    mutating func streamingFound(enough: Bool, isFar: Bool) {
        if evictsFar { bits = bits & ~(1 << 25) | (isFar ? 1 << 25 : 0) }
        let delay = enough ? delay / 2 : min(max(1, delay &* 2), 128)
        set(patience: max(patience / 2, 4), delay: delay, isStreaming: true)
    }

    /// The lagging tail stood still; meanwhile the exact one moved by `progress`, where a cache line holds `line`. A
    /// producer that does move is better left alone between two looks than asked for each line. If not, this was the end
    /// of a burst.
    @inlinable @inline(__always)
    mutating func polledInVain(progress: UInt64, line: UInt64) {
        if progress >= line {
            set(patience: patience, delay: delay / 2, isStreaming: true)
        } else {
            set(patience: min(patience, 64) &* 2, delay: 0, isStreaming: false)
        }
    }
}
