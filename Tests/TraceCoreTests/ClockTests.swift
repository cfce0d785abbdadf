import CPlatform
import Testing
import TraceCore

@Suite struct ClocksThatLie {
    @Test func timeDoesNotGoBackwardWithinAThread() {
        var last = TraceClock.now()
        var steps = 0
        for _ in 0..<1_000_000 {
            let now = TraceClock.now()
            guard now >= last else {
                Issue.record("\(last) then \(now)")
                return
            }
            if now > last { steps += 1 }
            last = now
        }
        #expect(steps > 0)
    }

    /// The rate was measured over 2 ms; an interval twenty times as long, measured apart, agrees with it.
    @Test func theRateIsAsWellKnownAsItSays() throws {
        let clock = TraceClock()
        #expect(clock.rate.partsPerMillion < 1000)
        let first = ClockPair.take()
        while cplatform_monotonic_nanoseconds() < first.monotonic + 40_000_000 {}
        let second = ClockPair.take()
        let apart = try #require(ClockRate(from: first, to: second))
        let difference = abs(Double(apart.ticksPerSecond) / Double(clock.rate.ticksPerSecond) - 1) * 1e6
        // 10 ppm for what the system may steer its clock by in between.
        #expect(difference <= clock.rate.partsPerMillion + apart.partsPerMillion + 10, "\(clock.rate) \(apart)")
    }

    @Test func aPairBracketsTheTicksBeforeAndAfter() {
        let before = TraceClock.now()
        let pair = ClockPair.take()
        let after = TraceClock.now()
        #expect(before <= pair.ticks && pair.ticks <= after)
        #expect(pair.width <= after - before)
    }

    @Test func aLaterPairKnowsTheRateBetter() {
        var clock = TraceClock(calibration: 500_000)
        let atStart = clock.rate
        while cplatform_monotonic_nanoseconds() < clock.start.monotonic + 20_000_000 {}
        let pair = clock.refine()
        #expect(pair.ticks > clock.start.ticks)
        #expect(clock.rate.partsPerBillion <= atStart.partsPerBillion)
        if TraceClock.isCycleCounter, cplatform_cycle_counter_frequency() == 0 {
            #expect(clock.rate.partsPerBillion < atStart.partsPerBillion)
        }
    }

    @Test func theErrorOfARateIsThatOfItsPairs() throws {
        let first = ClockPair(ticks: 1000, monotonic: 0, wall: 0, width: 100)
        let second = ClockPair(ticks: 2_001_000, monotonic: 1_000_000, wall: 0, width: 300)
        let rate = try #require(ClockRate(from: first, to: second))
        #expect(rate.ticksPerSecond == 2_000_000_000)
        // 200 ticks of 2 000 000 are 100 ppm; two nanoseconds of a million are 2 ppm; and the rounding.
        #expect(rate.partsPerBillion == 102_001)
    }

    @Test func pairsThatGiveNoRate() {
        let pair = ClockPair(ticks: 1000, monotonic: 1000, wall: 0, width: 10)
        func moved(ticks: UInt64, monotonic: UInt64) -> ClockPair {
            ClockPair(ticks: ticks, monotonic: monotonic, wall: 0, width: 10)
        }
        #expect(ClockRate(from: pair, to: pair) == nil)
        #expect(ClockRate(from: pair, to: moved(ticks: 999, monotonic: 2000)) == nil)
        #expect(ClockRate(from: pair, to: moved(ticks: 2000, monotonic: 999)) == nil)
        #expect(ClockRate(from: pair, to: moved(ticks: .max, monotonic: 1001)) == nil)
        #expect(ClockRate(from: pair, to: moved(ticks: 1001, monotonic: .max)) == nil)
        #expect(ClockRate(ticksPerSecond: 0, partsPerBillion: 0) == nil)
    }

    /// In a process of its own: the choice is made once, before the first reading.
    @Test func withoutACounterTheSystemsClockServes() async {
        await #expect(processExitsWith: .success) {
            TraceClock.useSystemClock()
            #expect(!TraceClock.isCycleCounter)
            let before = cplatform_monotonic_nanoseconds()
            let now = TraceClock.now()
            let pair = ClockPair.take()
            let after = cplatform_monotonic_nanoseconds()
            #expect(before <= now && now <= pair.ticks && pair.ticks <= after)
            #expect(pair.ticks <= pair.monotonic + pair.width && pair.monotonic <= pair.ticks + pair.width)
            var clock = TraceClock()
            #expect(clock.rate == ClockRate(ticksPerSecond: 1_000_000_000, partsPerBillion: 0))
            #expect(clock.timeShift == UInt8(Stamp.unitShift))
            clock.refine()
            #expect(clock.rate.ticksPerSecond == 1_000_000_000)
            #expect(clock.conversion.nanoseconds(ticks: clock.start.ticks + 12345) == 12345)
        }
    }
}

@Suite struct TimesConvertedWrong {
    static let rates: [UInt64] = [
        1, 3, 24_000_000, 999_999_999, 1_000_000_000, 1_000_000_001, 2_596_142_123, 5_000_000_000, 1_000_000_000_000,
    ]

    private func conversion(_ ticksPerSecond: UInt64, ticks: UInt64 = 0, wall: Int64 = 0) -> ClockConversion {
        ClockConversion(
            start: ClockPair(ticks: ticks, monotonic: 0, wall: wall, width: 0),
            rate: ClockRate(ticksPerSecond: ticksPerSecond, partsPerBillion: 0)!)
    }

    @Test(arguments: rates)
    func withinANanosecondForAHundredYears(ticksPerSecond: UInt64) {
        let clock = conversion(ticksPerSecond)
        let century = UInt128(ticksPerSecond) * 3_155_760_000
        var random = SeededGenerator(seed: ticksPerSecond)
        for bits: UInt64 in 0..<64 {
            let power: UInt64 = 1 << bits
            for ticks in [power, power - 1, random.next() >> bits] {
                guard UInt128(ticks) <= century else { continue }
                let exact = Int64(UInt128(ticks) * 1_000_000_000 / UInt128(ticksPerSecond))
                let found = clock.nanoseconds(ticks: ticks)
                #expect(exact <= found && found <= exact + 1, "\(ticks)")
            }
        }
        for seconds: UInt64 in [0, 1, 60, 86_400, 31_557_600] where ticksPerSecond < 1 << 32 {
            #expect(clock.nanoseconds(ticks: seconds * ticksPerSecond) == Int64(seconds) * 1_000_000_000)
        }
    }

    @Test(arguments: rates, [0, 1 << 40, 1 << 63, UInt64.max])
    func laterTicksAreNotEarlier(ticksPerSecond: UInt64, start: UInt64) {
        let clock = conversion(ticksPerSecond, ticks: start)
        #expect(clock.nanoseconds(ticks: start) == 0)
        for center: UInt64 in [0, 1, 1000, start, 1 << 32, 1 << 62, 1 << 63, .max - 1000, .max] {
            let from = center < 1000 ? 0 : center - 1000
            var last = clock.nanoseconds(ticks: from)
            for ticks in from...(from > .max - 2000 ? .max : from + 2000) {
                let now = clock.nanoseconds(ticks: ticks)
                guard now >= last else {
                    Issue.record("\(ticks): \(last) then \(now)")
                    return
                }
                last = now
            }
        }
    }

    @Test func beforeTheFirstPairIsNegative() {
        let clock = conversion(2_000_000_000, ticks: 1 << 40, wall: 5)
        #expect(clock.nanoseconds(ticks: (1 << 40) - 4) == -2)
        #expect(clock.wallClock(ticks: (1 << 40) - 4) == 3)
        #expect(clock.wallClock(ticks: (1 << 40) + 4) == 7)
    }

    @Test func whatDoesNotFitIsTheNearestThatDoes() {
        #expect(conversion(1).nanoseconds(ticks: .max) == .max)
        #expect(conversion(1, ticks: .max).nanoseconds(ticks: 0) == -.max)
        #expect(conversion(1, wall: .max).wallClock(ticks: 1) == .max)
        #expect(conversion(1, ticks: 10, wall: .min).wallClock(ticks: 9) == .min)
        #expect(conversion(1_000_000_000_000).nanoseconds(ticks: .max) == 18_446_744_073_709_551)
    }

    @Test func unitsAreTicksTimesAPowerOfTwo() {
        let clock = conversion(2_000_000_000, ticks: 1600, wall: 7)
        #expect(clock.nanoseconds(units: 100, timeShift: 4) == 0)
        #expect(clock.nanoseconds(units: 101, timeShift: 4) == 8)
        #expect(clock.wallClock(units: 101, timeShift: 4) == 15)
        #expect(clock.nanoseconds(units: 1600, timeShift: 0) == 0)
        for shift in 0...UInt8.max {
            #expect(clock.nanoseconds(units: .max, timeShift: shift) <= clock.nanoseconds(ticks: .max))
            #expect(clock.nanoseconds(units: .max, timeShift: shift) > 1 << 60)
            #expect(clock.nanoseconds(units: 0, timeShift: shift) == -800)
        }
    }
}
