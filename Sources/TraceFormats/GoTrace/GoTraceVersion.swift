/// The versions of Go's execution trace format that are built of batches ("v2").
///
/// There is no 1.24: Go 1.24 writes the format of 1.23, and Go's reader refuses a header that says 1.24.
@frozen
public enum GoTraceVersion: UInt8, CaseIterable, Comparable, Sendable {
    case go122 = 22
    case go123 = 23
    case go125 = 25
    case go126 = 26

    /// The bytes of the header: `go 1.NN trace` and three zero bytes.
    @inlinable
    public static var headerByteCount: Int { 16 }

    @inlinable
    public static func < (left: Self, right: Self) -> Bool {
        left.rawValue < right.rawValue
    }

    /// Whether a generation ends with an explicit ``GoTraceKind/endOfGeneration`` byte rather than with the first batch
    /// of the next one.
    @inlinable
    public var marksEndOfGeneration: Bool { self >= .go126 }

    /// Whether a generation's clock stands in a batch of its own that begins with ``GoTraceKind/sync``; before, that
    /// batch was one bare ``GoTraceKind/frequency``.
    @inlinable
    public var hasSyncBatch: Bool { self >= .go125 }

    /// Reads the header at the start of `bytes`.
    ///
    /// Throws: ``GoTraceError/Reason/notAGoTrace`` unless all 16 bytes have the form of a header,
    /// ``GoTraceError/Reason/unsupportedVersion(minor:)`` if they do, for a version that is not one of these.
    public init(header bytes: RawSpan) throws(GoTraceError) {
        // The minor version is the two digits at 5 and 6; every other byte is fixed.
        let template: StaticString = "go 1.NN trace\0\0\0"
        guard bytes.byteCount >= Self.headerByteCount else {
            throw GoTraceError(.notAGoTrace, at: 0)
        }
        var minor = 0
        for index in 0..<Self.headerByteCount {
            let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            if index == 5 || index == 6 {
                guard byte >= 0x30, byte <= 0x39 else { throw GoTraceError(.notAGoTrace, at: index) }
                minor = minor * 10 + Int(byte - 0x30)
            } else {
                // SAFETY: `template` is 16 bytes of ASCII, and `index` is less than 16.
                let expected = unsafe template.utf8Start[index]
                guard byte == expected else { throw GoTraceError(.notAGoTrace, at: index) }
            }
        }
        guard let version = Self(rawValue: UInt8(minor)) else {
            throw GoTraceError(.unsupportedVersion(minor: minor), at: 5)
        }
        self = version
    }
}
