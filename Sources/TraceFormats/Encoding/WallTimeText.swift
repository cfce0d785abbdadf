/// Instants as ``WallTime`` writes them, one after the other: what lies before the fraction of a second is put together once a
/// second.
struct WallTimeText: ~Copyable {
    private var second: Int64 = .min
    /// `2026-11-25T17:54:28.`
    private var head: [UInt8] = []

    mutating func put(_ nanoseconds: Int64, to buffer: inout EncodingBuffer) {
        var (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if fraction < 0 { (seconds, fraction) = (seconds - 1, fraction + 1_000_000_000) }
        if seconds != second {
            second = seconds
            head = Array(WallTime(nanoseconds: nanoseconds).text.utf8.prefix(20))
        }
        buffer.put(head)
        buffer.put(decimal: UInt64(fraction), digits: 9)
        buffer.put(UInt8(ascii: "Z"))
    }
}
