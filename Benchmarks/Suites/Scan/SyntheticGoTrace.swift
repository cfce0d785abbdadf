/// A Go execution trace of about 4 MiB made from a seed, for machines that have no trace at hand: four threads in four
/// generations, mostly starts and stops of goroutines as in a busy server, all arguments of a realistic length.
/// Byte layout: Go's own documentation of its trace format, version 1.26.
enum SyntheticGoTrace {
    static func make(seed: UInt64) -> [UInt8] {
        var random = seed
        var trace = Array("go 1.26 trace\0\0\0".utf8)
        for generation in 1...4 as ClosedRange<UInt64> {
            var time: UInt64 = generation << 32
            for batch in 0..<16 {
                var data: [UInt8] = []
                let start = time
                while data.count < 65_000 { time += event(&data, &random) }
                appendBatch(&trace, generation, thread: UInt64(batch % 4), time: start, data)
            }
            var clock: [UInt8] = [50, 8]
            append(&clock, 15_625_000)
            clock += [51, 5]
            for value in [time, 1_700_000_000, 5] { append(&clock, value) }
            appendBatch(&trace, generation, thread: .max, time: time, clock)
            trace.append(52)
        }
        return trace
    }

    /// One event; returns its time delta.
    private static func event(_ data: inout [UInt8], _ random: inout UInt64) -> UInt64 {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let delta = (random >> 40) & 0xFF
        let goroutine = (random >> 20) & 0xFFF
        let (kind, arguments): (UInt8, [UInt64]) =
            switch random >> 61 {
            case 0, 1, 2: (16, [goroutine, (random >> 33) & 0xFFFF])  // GoStart: goroutine, sequence
            case 3, 4, 5: (19, [2, goroutine & 0xFF])  // GoStop: reason, stack
            case 6: (20, [3, goroutine & 0xFF])  // GoBlock: reason, stack
            default: (21, [goroutine, (random >> 33) & 0xFFFF, 1])  // GoUnblock: goroutine, sequence, stack
            }
        data.append(kind)
        append(&data, delta)
        for argument in arguments { append(&data, argument) }
        return delta
    }

    private static func appendBatch(
        _ trace: inout [UInt8], _ generation: UInt64, thread: UInt64, time: UInt64, _ data: [UInt8]
    ) {
        trace.append(1)
        for value in [generation, thread, time, UInt64(data.count)] { append(&trace, value) }
        trace += data
    }

    private static func append(_ bytes: inout [UInt8], _ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
