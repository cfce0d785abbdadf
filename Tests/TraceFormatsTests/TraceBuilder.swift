import TraceFormats

/// Writes traces byte by byte, well-formed or not.
struct TraceBuilder {
    var bytes: [UInt8]

    init(minor: Int = 26) {
        bytes = Array("go 1.\(minor) trace\0\0\0".utf8)
    }

    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// `value` in exactly ten bytes, as the runtime reserves them for a batch's size.
    static func padded(_ value: UInt64) -> [UInt8] {
        (0..<10).map { UInt8(truncatingIfNeeded: value >> UInt64(7 * $0)) & 0x7F | ($0 < 9 ? 0x80 : 0) }
    }

    static func record(_ kind: Int, _ arguments: UInt64...) -> [UInt8] {
        [UInt8(kind)] + arguments.flatMap(varint)
    }

    static func string(_ id: UInt64, _ text: String) -> [UInt8] {
        record(5, id, UInt64(text.utf8.count)) + text.utf8
    }

    mutating func batch(
        _ generation: UInt64, thread: UInt64 = 1, time: UInt64 = 100, experiment: UInt8? = nil, pad: Bool = false,
        _ data: [[UInt8]]
    ) {
        let data = data.flatMap { $0 }
        bytes += experiment.map { [49, $0] } ?? [1]
        bytes += Self.varint(generation) + Self.varint(thread) + Self.varint(time)
        bytes += pad ? Self.padded(UInt64(data.count)) : Self.varint(UInt64(data.count))
        bytes += data
    }

    /// The batch that every generation needs, in the form of the header's version.
    mutating func clock(_ generation: UInt64) {
        let frequency = Self.record(8, 1_000_000_000)
        let minor = Int(String(decoding: bytes[5..<7], as: UTF8.self))!
        let data = minor < 25 ? [frequency] : [[50], frequency, Self.record(51, 5, 6, 7, 8)]
        batch(generation, thread: .max, data)
    }

    mutating func end() { bytes.append(52) }

    /// A trace with every kind of batch, and records on both sides of each of the decoder's limits.
    static func variety(minor: Int, generations: ClosedRange<UInt64> = 1...2) -> [UInt8] {
        var trace = TraceBuilder(minor: minor)
        for generation in generations {
            for thread in 1...5 as ClosedRange<UInt64> {
                let long: [UInt8] = [40] + padded(3) + padded(1 << 63) + varint(.max) + [0, 1]
                trace.batch(
                    generation, thread: thread, pad: thread.isMultiple(of: 2),
                    [
                        record(13, 3, 0, 1), record(25, 4, 1, 2, 2), record(16, 300, 7, 1 << 20),
                        record(44, 1, 2, 3, 4, 5), long, record(17, 1 << 47), record(18, 1 << 48),
                        record(18, 1 << 49), record(11, 1), record(16, 1, 2, 3), record(19, 1, 2, 3),
                    ])
            }
            trace.batch(generation, thread: 9, [])
            trace.batch(generation, thread: .max, [[4], string(1, "main"), string(2, ""), string(300, "file.go")])
            trace.batch(
                generation, thread: .max,
                [[2], record(3, 1, 2, 1 << 40, 1, 2, 3, 1 << 41, 1, 2, 300), record(3, 2, 0)])
            trace.batch(generation, thread: .max, [[6], record(7, 105, 1, 2, 3, 1)])
            if minor >= 23 { trace.batch(generation, thread: 1, experiment: 1, [[200, 0, 255, 1]]) }
            if minor >= 23 { trace.batch(generation, thread: 1, [record(130, 1, 2), record(45, 1, 2, 3)]) }
            trace.clock(generation)
            if minor >= 26 { trace.end() }
        }
        return trace.bytes
    }
}

/// What the scanner refuses `bytes` for, or nil.
func scanError(_ bytes: [UInt8]) -> GoTraceError? {
    do throws(GoTraceError) {
        _ = try GoTraceScanner.count(bytes.span.bytes)
        return nil
    } catch {
        return error
    }
}
