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

    /// The number of varints that always follow the type byte, a time delta included.
    ///
    /// What a kind carries beyond them (a string's bytes, a stack's frames) is not counted. Zero for an unknown kind.
    @inlinable
    public var argumentCount: Int {
        switch rawValue {
        case 2, 4, 6, 50, 52:
            0
        case 5, 8, 11, 17, 18, 23, 24, 27, 36:
            1
        case 3, 15, 28, 30, 31, 32, 34, 35, 37, 38, 39, 130, 133, 136:
            2
        case 9, 10, 13, 16, 19, 20, 22, 26, 29, 33, 41, 45, 46, 131, 132, 134, 135:
            3
        case 1, 12, 14, 21, 25, 42, 43, 47, 49, 51, 128, 129:
            4
        case 7, 40, 44, 48:
            5
        default:
            0
        }
    }

    /// Whether the record stands in a thread's event stream: its first argument is a time delta in ticks.
    @inlinable
    public var isEvent: Bool {
        switch rawValue {
        case 9...48, 128...136: true
        default: false
        }
    }

    /// Whether Go gives this byte a meaning in any version of the format.
    @inlinable
    public var isKnown: Bool {
        switch rawValue {
        case 1...52, 128...136: true
        default: false
        }
    }
}
