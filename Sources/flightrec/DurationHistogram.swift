/// Durations in nanoseconds, counted in cells that are at most 1/64 of their value wide: what it tells of ranks is
/// off by less than 1 percent. At most 30 KB, however many there are.
struct DurationHistogram {
    private(set) var count: UInt64 = 0
    private(set) var total: UInt64 = 0
    private(set) var least: UInt64 = .max
    private(set) var greatest: UInt64 = 0
    private var cells: [UInt64] = []

    mutating func add(_ nanoseconds: Int64) {
        let value = UInt64(max(nanoseconds, 0))
        let cell = Self.cell(value)
        if cell >= cells.count { cells.append(contentsOf: repeatElement(0, count: cell + 1 - cells.count)) }
        cells[cell] += 1
        count += 1
        total &+= value
        least = min(least, value)
        greatest = max(greatest, value)
    }

    /// The least duration that `share` of all do not exceed, from 0 to 1; 0 where there are none.
    func quantile(_ share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let rank = max(1, UInt64((share * Double(count)).rounded(.up)))
        var seen: UInt64 = 0
        for (cell, number) in cells.enumerated() {
            seen += number
            if seen >= rank { return min(max(Self.middle(cell), least), greatest) }
        }
        return greatest
    }

    var median: UInt64 { quantile(0.5) }
    var p99: UInt64 { quantile(0.99) }

    /// Counts by powers of two of nanoseconds: (lower bound, count), from the first to the last that is not 0.
    var octaves: [(from: UInt64, count: UInt64)] {
        var found: [Int: UInt64] = [:]
        for (cell, number) in cells.enumerated() where number > 0 {
            let value = Self.lower(cell)
            found[value == 0 ? 0 : 64 - value.leadingZeroBitCount, default: 0] += number
        }
        guard let first = found.keys.min(), let last = found.keys.max() else { return [] }
        return (first...last).map { octave in
            let from: UInt64 = octave == 0 ? 0 : 1 << UInt64(octave - 1)
            return (from: from, count: found[octave] ?? 0)
        }
    }

    /// Below 64 each value has its own; above, each power of two has 64.
    private static func cell(_ value: UInt64) -> Int {
        guard value >= 64 else { return Int(value) }
        let exponent = 63 - value.leadingZeroBitCount
        return (exponent - 5) << 6 | Int(value >> UInt64(exponent - 6)) & 63
    }

    private static func lower(_ cell: Int) -> UInt64 {
        cell < 64 ? UInt64(cell) : UInt64(cell & 63 | 64) << UInt64(cell >> 6 - 1)
    }

    private static func middle(_ cell: Int) -> UInt64 {
        cell < 64 ? UInt64(cell) : lower(cell) + (1 << UInt64(cell >> 6 - 1)) / 2
    }
}
