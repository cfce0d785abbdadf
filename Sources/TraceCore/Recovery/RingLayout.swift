/// Where things stand in the metadata of an arena's file, behind the pages; docs/FORMAT.md, "Ring file".
///
///     0        end of the log, in bytes; entries that found no room; process; thread names noted; 1 once the recording ended
///     64       two slots of clocks, 128 bytes each
///     320      name of the process: a length, and at most 248 bytes
///     1024     512 thread names of 64 bytes
///     33792    the log: a native file without an end, of schemas and strings
package enum RingLayout {
    package static var logEnd: Int { 0 }
    static var overflow: Int { 8 }
    static var process: Int { 16 }
    static var nameCount: Int { 24 }
    static var isEnded: Int { 32 }
    static var clock: Int { 64 }
    static var clockByteCount: Int { 128 }
    static var processName: Int { 320 }
    static var processNameCapacity: Int { 248 }
    static var names: Int { 1024 }
    static var nameCapacity: Int { 512 }
    static var nameByteCount: Int { 64 }
    static var nameTextCapacity: Int { 32 }
    package static var log: Int { names + nameCapacity * nameByteCount }

    static func byteCount(logByteCount: Int) -> Int { (log + logByteCount + 4095) & ~4095 }
}

/// A few words that are stored one by one, and a check of all of them: whoever finds them half stored, or half
/// overwritten, knows it.
///
/// No lock and no sequence: the writer may end anywhere, and the reader cannot make it wait. 64 bits, so that a mixture of two
/// entries passes once in 2^64.
enum CheckedWords {
    static func check(_ words: some Sequence<UInt64>) -> UInt64 {
        var sum: UInt64 = 0x9E37_79B9_7F4A_7C15
        for word in words {
            sum = (sum ^ word) &* 0xBF58_476D_1CE4_E5B9
            sum ^= sum &>> 29
        }
        // Never that of a slot that was not used.
        return sum | 1
    }
}

/// A clock as a ring file states it: 11 words and their check.
struct RingClock: Equatable {
    var sequence: UInt64
    var rate: ClockRate
    var timeShift: UInt8
    var start: ClockPair
    var newest: ClockPair

    static var wordCount: Int { 11 }

    init(sequence: UInt64, rate: ClockRate, timeShift: UInt8, start: ClockPair, newest: ClockPair) {
        (self.sequence, self.rate, self.timeShift) = (sequence, rate, timeShift)
        (self.start, self.newest) = (start, newest)
    }

    var words: [UInt64] {
        [sequence, rate.ticksPerSecond, UInt64(rate.partsPerBillion) << 32 | UInt64(timeShift)] + Self.words(start)
            + Self.words(newest)
    }

    /// Nil for words that do not fit their check, or are no clock.
    init?(_ words: ArraySlice<UInt64>, check: UInt64) {
        let words = Array(words)
        guard words.count == Self.wordCount, CheckedWords.check(words) == check, words[2] & 0xFFFF_FFFF <= 16,
            let rate = ClockRate(ticksPerSecond: words[1], partsPerBillion: UInt32(words[2] >> 32))
        else { return nil }
        self.init(
            sequence: words[0], rate: rate, timeShift: UInt8(words[2] & 0xFF), start: Self.pair(words[3..<7]),
            newest: Self.pair(words[7..<11]))
    }

    private static func words(_ pair: ClockPair) -> [UInt64] {
        [pair.ticks, pair.monotonic, UInt64(bitPattern: pair.wall), pair.width]
    }

    private static func pair(_ words: ArraySlice<UInt64>) -> ClockPair {
        let words = Array(words)
        return ClockPair(ticks: words[0], monotonic: words[1], wall: Int64(bitPattern: words[2]), width: words[3])
    }
}
