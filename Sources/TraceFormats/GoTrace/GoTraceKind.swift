/// The type byte of a record, named as in Go's table of event specs.
///
/// A struct rather than an enum, so that a byte read from a file is a kind without a look-up; ``isKnown`` tells whether
/// Go gives that byte a meaning.
@frozen
public struct GoTraceKind: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable public static var eventBatch: Self { Self(rawValue: 1) }
    @inlinable public static var stacks: Self { Self(rawValue: 2) }
    @inlinable public static var stack: Self { Self(rawValue: 3) }
    @inlinable public static var strings: Self { Self(rawValue: 4) }
    @inlinable public static var string: Self { Self(rawValue: 5) }
    @inlinable public static var cpuSamples: Self { Self(rawValue: 6) }
    @inlinable public static var cpuSample: Self { Self(rawValue: 7) }
    @inlinable public static var frequency: Self { Self(rawValue: 8) }
    @inlinable public static var experimentalBatch: Self { Self(rawValue: 49) }
    @inlinable public static var sync: Self { Self(rawValue: 50) }
    @inlinable public static var clockSnapshot: Self { Self(rawValue: 51) }
    @inlinable public static var endOfGeneration: Self { Self(rawValue: 52) }
}
