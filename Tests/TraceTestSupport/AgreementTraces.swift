internal import TraceCore

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The random traces on which a reader of somebody else has to agree: by seed, in portions of a bounded size.
///
/// AGREEMENT_TRACES asks for more than a test's usual number, from the seed AGREEMENT_SEED on (0); then the test also says how many
/// it has seen, for scripts/agreement.
public struct AgreementTraces {
    private let oracle: String
    private let isAskedFor: Bool
    /// Seeds.
    public let portions: [Range<UInt64>]
    private var traces = 0
    private var events: UInt64 = 0

    private static var portion: UInt64 { 250 }

    public init(_ oracle: String, usual: UInt64) {
        self.oracle = oracle
        let wanted = Self.number("AGREEMENT_TRACES")
        isAskedFor = wanted != nil
        let first = Self.number("AGREEMENT_SEED") ?? 0
        let end = first + (wanted ?? usual)
        portions = stride(from: first, to: end, by: Int(Self.portion)).map { $0..<min($0 + Self.portion, end) }
    }

    /// Counts the traces that agreed.
    public mutating func agreed(_ files: [[UInt8]]) throws {
        traces += files.count
        for file in files {
            var reader = try NativeFileReader(file.span.bytes)
            while try reader.next(in: file.span.bytes) != nil {}
            events += reader.totals.events
        }
    }

    public func tell() {
        if isAskedFor { print("agreement: \(oracle): \(traces) traces, \(events) events") }
    }

    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}
