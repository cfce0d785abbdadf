import Harness
import Suites

/// The suites of this benchmark, in the order in which they run and are printed.
enum Registry {
    static let suites: [any Suite.Type] = [RingsSuite.self, ScanSuite.self]

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
}
