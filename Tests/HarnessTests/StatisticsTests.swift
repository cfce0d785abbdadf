import Testing

@testable import Harness

@Suite struct StatisticsTests {
    @Test func percentilesOfKnownDataAreOff() throws {
        let spread = try #require(Spread((1...100).map(Double.init).shuffled()))
        #expect(spread == Spread(median: 50, p10: 10, p90: 90, count: 100))
    }

    @Test(arguments: [1e-4, 1e-2, 1.0, 1e3, 1e6, 1e9, 1e12])
    func precisionIsLostAtSomeScale(unit: Double) throws {
        let spread = try #require(Spread([1.231, 1.232, 1.233].map { $0 * unit }))
        #expect(abs(spread.median / (1.232 * unit) - 1) < 1e-4)
        #expect(spread.p10 < spread.median)
        #expect(spread.p90 > spread.median)
    }

    @Test func anExactCountIsRoundedAway() throws {
        #expect(Spread([16_777_217, 16_777_217])?.median == 16_777_217)
    }

    @Test func zeroesBesideLargeValuesAreLostOrTrap() throws {
        let spread = try #require(Spread([0, 0, 0, 1e15, 1e-9]))
        #expect(spread.median == 0)
        #expect(spread.count == 5)
    }

    @Test(arguments: [[], [-1.0], [1, .nan], [.infinity]])
    func aMeaninglessFigureBecomesANumber(values: [Double]) {
        #expect(Spread(values) == nil)
    }
}

@Suite struct VerdictTests {
    private func verdict(_ row: (Double, Double), _ other: (Double, Double), _ better: Better = .lower) -> Verdict {
        func spread(_ interval: (Double, Double)) -> Spread {
            Spread(median: (interval.0 + interval.1) / 2, p10: interval.0, p90: interval.1, count: 9)
        }
        return Verdict(of: spread(row), against: spread(other), better: better)
    }

    @Test func aDifferenceInsideTheSpreadWins() {
        #expect(verdict((10, 20), (19, 30)) == .tie)
        #expect(verdict((10, 20), (20, 30)) == .tie)
        #expect(verdict((12, 14), (10, 30)) == .tie)
    }

    @Test func theDirectionIsMixedUp() {
        #expect(verdict((10, 11), (12, 13), .lower) == .faster)
        #expect(verdict((12, 13), (10, 11), .lower) == .slower)
        #expect(verdict((10, 11), (12, 13), .higher) == .slower)
        #expect(verdict((12, 13), (10, 11), .higher) == .faster)
    }

    @Test func aSingleLuckySampleWins() {
        let lucky = Spread(median: 1, p10: 1, p90: 1, count: 1)
        let usual = Spread(median: 9, p10: 8, p90: 10, count: 50)
        #expect(Verdict(of: lucky, against: usual, better: .lower) == .tie)
    }

    @Test func rowsThatDoNotCompeteShareAGroup() {
        let near = Fixture.row("a", median: 1, p10: 1, p90: 1, regime: .near)
        var large = near
        large.parameters = ["capacity": 65_536]
        let rows = [
            near, Fixture.row("b", median: 3, p10: 3, p90: 3, regime: .near),
            Fixture.row("c", median: 2, p10: 2, p90: 2, regime: .near),
            Fixture.row("a", median: 1, p10: 1, p90: 1, regime: .far), large,
        ]
        let groups = RowGroup.groups(rows)
        #expect(groups.map { $0.rows.map(\.strategy) } == [["a", "c", "b"], ["a"], ["a"]])
        #expect(groups[0].ratio(of: groups[0].rows[2]) == 3)
    }

    @Test func theSlowestIsCalledBestWhereMoreIsBetter() {
        let rows = [10.0, 30, 20].map {
            Fixture.row("r\(Int($0))", median: $0, p10: $0, p90: $0, better: .higher)
        }
        #expect(RowGroup.groups(rows)[0].rows.map(\.strategy) == ["r30", "r20", "r10"])
    }
}
