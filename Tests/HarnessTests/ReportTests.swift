import Foundation
import Testing

@testable import Harness

@Suite struct ReportTests {
    private func object(_ report: Report) throws -> [String: Any] {
        let data = Data(try report.json().utf8)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func aRoundTripChangesAResult() throws {
        var scan = Fixture.row("scan", median: 3, p10: 2, p90: 4, better: .higher)
        scan.counts = ["GoStart": 3, "ProcStop": 0]
        scan.parameters = ["input": "a.trace", "threads": 2]
        scan.allocationsPerOperation = 0.5
        let report = Fixture.report([scan, Fixture.row(median: 1.5, p10: 1, p90: 2, regime: .far)])
        let directory = try TemporaryDirectory()
        let path = directory.path + "/result.json"
        try report.write(to: path)
        let again = try Report(path: path)
        #expect(again.rows == report.rows)
        #expect(again.machine == report.machine)
        #expect(again.floor == report.floor)
        #expect(try again.json() == report.json())
    }

    @Test func aKeyOfTheContractIsMissing() throws {
        let report = Fixture.report([Fixture.row(median: 1, p10: 1, p90: 1)])
        let json = try object(report)
        #expect(
            Set(json.keys) == [
                "schema", "startedAt", "command", "commit", "configuration", "swift", "machine", "floor", "rows",
            ])
        #expect(json["schema"] as? Int == 1)
        #expect(json["commit"] is NSNull)
        let machine = try #require(json["machine"] as? [String: Any])
        #expect(
            Set(machine.keys) == [
                "cpu", "cores", "kernel", "memoryBytes", "clock", "ticksPerSecond", "allocator",
            ])
        let floor = try #require(json["floor"] as? [String: Any])
        #expect(Set(floor.keys) == ["clockReadNs", "store16Ns", "pingPongNs", "streamGBps"])
        #expect(floor["streamGBps"] is NSNull, "what was not measured is null, not left out")
        let row = try #require((json["rows"] as? [[String: Any]])?.first)
        #expect(
            Set(row.keys) == [
                "suite", "case", "strategy", "origin", "parameters", "unit", "better", "median", "p10", "p90", "count",
                "regime", "canaryNs", "verified", "allocationsPerOperation",
            ])
        #expect(row["regime"] is NSNull)
        #expect(row["allocationsPerOperation"] is NSNull)
        #expect((row["parameters"] as? [String: Any])?["capacity"] as? Int == 1024)
    }

    @Test(arguments: [
        ("", "not a result"), ("hello", "not a result"), ("{}", "no \"schema\""), ("[1]", "not a result"),
        (#"{"schema": 2}"#, "schema 2 is not known"), (#"{"schema": 1}"#, "no \"startedAt\""),
    ])
    func aForeignFileIsTakenForAResult(text: String, reason: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/foreign.json"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let error = try #require(throws: UnreadableReport.self) { try Report(path: path) }
        #expect(error.description.contains(path))
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test func aRowOfAnUnknownKindIsAccepted() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/result.json"
        let text = try Fixture.report([Fixture.row(median: 1, p10: 1, p90: 1)]).json()
        try Data(text.replacingOccurrences(of: "ns/op", with: "furlongs").utf8).write(to: URL(fileURLWithPath: path))
        let error = try #require(throws: UnreadableReport.self) { try Report(path: path) }
        #expect(error.description.contains("rows[0].unit"), "\(error)")
    }

    @Test func aMissingFileIsAnEmptyResult() {
        #expect(throws: UnreadableReport.self) { try Report(path: "/nowhere/result.json") }
    }
}

@Suite struct ComparisonTests {
    @Test func regimesOrMachinesAreComparedAcross() throws {
        let near = Fixture.row(median: 10, p10: 9, p90: 11, regime: .near)
        let far = Fixture.row(median: 90, p10: 80, p90: 99, regime: .far)
        let across = Comparison(old: Fixture.report([near]), new: Fixture.report([far]))
        #expect(across.lines.count == 2)
        #expect(across.lines.allSatisfy { $0.verdict == nil && $0.reason.contains("regime only in") })

        let elsewhere = Comparison(old: Fixture.report([near]), new: Fixture.report([near], cpu: "another"))
        #expect(elsewhere.obstacle == "different machines")
        #expect(elsewhere.lines.map(\.verdict) == [nil])
    }

    @Test func aChangeIsReportedTheWrongWayRound() {
        let before = Fixture.row(median: 10, p10: 9, p90: 11)
        let after = Fixture.row(median: 20, p10: 19, p90: 21)
        func verdict(_ old: Row, _ new: Row) -> Verdict? {
            Comparison(old: Fixture.report([old]), new: Fixture.report([new])).lines.first?.verdict
        }
        #expect(verdict(before, after) == .slower)
        #expect(verdict(after, before) == .faster)
        #expect(verdict(before, before) == .tie)
    }

    @Test func rowsOfOnlyOneResultVanish() {
        let row = Fixture.row("a", median: 1, p10: 1, p90: 1)
        let other = Fixture.row("b", median: 1, p10: 1, p90: 1)
        let comparison = Comparison(old: Fixture.report([row]), new: Fixture.report([other]))
        #expect(comparison.lines.isEmpty)
        #expect(comparison.onlyOld == ["demo/case/a/capacity=1024"])
        #expect(comparison.onlyNew == ["demo/case/b/capacity=1024"])
    }
}
