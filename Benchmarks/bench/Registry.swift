import EmitSuite
import FanoutSuite
import Harness
import SnapshotSuite
import Suites

/// The suites of this benchmark, in the order in which they run and are printed.
enum Registry {
    static let suites: [any Suite.Type] = published + selfTest

    private static let published: [any Suite.Type] = [
        RingsSuite.self, ScanSuite.self, EmitSuite.self, SnapshotSuite.self, FanoutSuite.self,
    ]

    /// In debug builds, which never publish a figure, one more suite lets tests see a run that fails.
    private static let selfTest: [any Suite.Type] = {
        #if DEBUG
            [SelfTest.self]
        #else
            []
        #endif
    }()

    /// The suites that the command line asks for.
    ///
    /// - Throws: ``UsageError`` for a name that no suite has.
    static func suites(named names: [String]) throws -> [any Suite.Type] {
        let known = suites + [Floors.self]
        if let unknown = names.first(where: { name in !known.contains { $0.name == name } }) {
            throw UsageError(
                "no suite is named '\(unknown)'. Suites: \(known.map { $0.name }.joined(separator: " "))")
        }
        if names.isEmpty { return suites.filter { $0.runsByDefault } }
        return suites.filter { names.contains($0.name) }
    }

    /// The floors to print beside a case.
    static func floors(of case: String, in suite: String) -> [FloorCase] {
        suites.first { $0.name == suite }?.floors(of: `case`) ?? []
    }

    /// What counts come to; nothing for a suite of another version of this program.
    static func totals(of counts: [String: Int], in suite: String) -> [(name: String, count: Int)] {
        suites.first { $0.name == suite }?.totals(of: counts) ?? []
    }
}
