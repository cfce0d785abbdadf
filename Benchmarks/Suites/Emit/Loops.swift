import CFloor
import CPlatform
import Harness

// The loops that are timed: a function each, which is not inlined, so that what stands around a loop does not change it.

/// About 80 ns that nothing can shorten: each step waits for the one before. Little of the processor is used meanwhile, so
/// whatever is done beside it costs only what does not fit in.
@inline(__always)
func chain(_ start: UInt64) -> UInt64 {
    var value = start
    // 10 cycles on current x86-64. What stands between the multiplications keeps them from being made into one.
    for _ in 0..<30 {
        value &*= 0x9E37_79B9_7F4A_7C15
        value ^= value &>> 32
        value &*= 0xBF58_476D_1CE4_E5B9
        value ^= value &>> 29
    }
    return value
}

enum FloorLoops {
    @inline(never)
    static func empty(_ range: Range<UInt64>) {
        for index in range { consume(index) }
    }

    @inline(never)
    static func clock(_ range: Range<UInt64>) {
        for index in range {
            consume(index)
            consume(cplatform_cycle_counter())
        }
    }

    @inline(never)
    static func chainAlone(_ range: Range<UInt64>, _ seed: UInt64) -> UInt64 {
        var value = seed
        for index in range {
            value = chain(value)
            consume(index)
        }
        return value
    }

    @inline(never)
    static func chainClock(_ range: Range<UInt64>, _ seed: UInt64) -> UInt64 {
        var value = seed
        for _ in range {
            value = chain(value)
            consume(cplatform_cycle_counter())
        }
        return value
    }

    @inline(never)
    static func ring(_ range: Range<UInt64>, _ ring: CRing, _ seed: UInt64) {
        for index in range { cfloor_emit(ring.address, CRing.id, running(index, seed)) }
    }

    @inline(never)
    static func chainRing(_ range: Range<UInt64>, _ ring: CRing, _ seed: UInt64) -> UInt64 {
        var value = seed
        for index in range {
            value = chain(value)
            cfloor_emit(ring.address, CRing.id, running(index, seed))
        }
        return value
    }
}

/// What the event of an index carries: one to three bytes.
@inline(__always)
func running(_ index: UInt64, _ seed: UInt64) -> UInt64 { (index &+ seed) & 0xF_FFFF }

enum EmitLoops<Strategy: EmitStrategy> {
    @inline(never)
    static func zero(_ range: Range<UInt64>) {
        for _ in range { Strategy.emit0() }
    }

    @inline(never)
    static func one(_ range: Range<UInt64>, _ seed: UInt64) {
        for index in range { Strategy.emit1(running(index, seed)) }
    }

    @inline(never)
    static func one(_ range: Range<UInt64>, from table: UnsafePointer<UInt64>) {
        for index in range { Strategy.emit1(table[Int(index & Numbers.mask)]) }
    }

    @inline(never)
    static func three(_ range: Range<UInt64>, from table: UnsafePointer<UInt64>) {
        for index in range {
            Strategy.emit3(
                table[Int(index & Numbers.mask)], table[Int((index &+ 1) & Numbers.mask)],
                table[Int((index &+ 2) & Numbers.mask)])
        }
    }

    @inline(never)
    static func off(_ range: Range<UInt64>) {
        for index in range {
            consume(index)
            Strategy.emitOff(index)
        }
    }

    @inline(never)
    static func pair(_ range: Range<UInt64>) {
        for _ in range { Strategy.emitPair() }
    }

    @inline(never)
    static func pairOfStamps(_ range: Range<UInt64>) {
        for _ in range { Strategy.emitPairOfStamps() }
    }

    @inline(never)
    static func chainOne(_ range: Range<UInt64>, _ seed: UInt64) -> UInt64 {
        var value = seed
        for index in range {
            value = chain(value)
            Strategy.emit1(running(index, seed))
        }
        return value
    }
}
