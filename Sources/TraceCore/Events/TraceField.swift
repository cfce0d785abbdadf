/// A type that an event's field may have: a number that fits 64 bits, or a string.
public protocol TraceField {
    /// Constant, so that the compiler knows the layout of a record.
    static var traceType: FieldType { get }

    /// The number as it stands in a record; of a string, anything.
    var traceWord: UInt64 { get }

    /// Calls `body` with a string's UTF-8, once; of a number, with nothing.
    func withTraceText(_ body: (UnsafeRawBufferPointer) -> Void)
}

extension TraceField {
    @inlinable @inline(__always)
    static var isText: Bool { traceType == .string }

    @inlinable @inline(__always)
    public var traceWord: UInt64 { 0 }

    @inlinable @inline(__always)
    public func withTraceText(_ body: (UnsafeRawBufferPointer) -> Void) {
        body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
}

extension TraceField where Self: UnsignedInteger & FixedWidthInteger {
    @inlinable public static var traceType: FieldType { .unsigned }
    @inlinable @inline(__always) public var traceWord: UInt64 { UInt64(truncatingIfNeeded: self) }
}

extension TraceField where Self: SignedInteger & FixedWidthInteger {
    @inlinable public static var traceType: FieldType { .signed }
    @inlinable @inline(__always) public var traceWord: UInt64 {
        FieldType.word(signed: Int64(truncatingIfNeeded: self))
    }
}

extension UInt: TraceField {}
extension UInt8: TraceField {}
extension UInt16: TraceField {}
extension UInt32: TraceField {}
extension UInt64: TraceField {}
extension Int: TraceField {}
extension Int8: TraceField {}
extension Int16: TraceField {}
extension Int32: TraceField {}
extension Int64: TraceField {}

extension Double: TraceField {
    @inlinable public static var traceType: FieldType { .double }
    @inlinable @inline(__always) public var traceWord: UInt64 { FieldType.word(double: self) }
}

extension Float: TraceField {
    @inlinable public static var traceType: FieldType { .float }
    @inlinable @inline(__always) public var traceWord: UInt64 { FieldType.word(float: self) }
}

extension Bool: TraceField {
    @inlinable public static var traceType: FieldType { .boolean }
    @inlinable @inline(__always) public var traceWord: UInt64 { self ? 1 : 0 }
}

extension UnsafeRawPointer: TraceField {
    @inlinable public static var traceType: FieldType { .pointer }
    @inlinable @inline(__always) public var traceWord: UInt64 { UInt64(UInt(bitPattern: self)) }
}

/// By value: at most 1024 bytes of it are kept. See ``StaticText`` for one that is known beforehand.
extension String: TraceField {
    @inlinable public static var traceType: FieldType { .string }

    @inlinable
    public func withTraceText(_ body: (UnsafeRawBufferPointer) -> Void) {
        // Every native string is contiguous; another one is copied first.
        if utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) == nil {
            var copy = self
            copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
        }
    }
}

extension Substring: TraceField {
    @inlinable public static var traceType: FieldType { .string }

    @inlinable
    public func withTraceText(_ body: (UnsafeRawBufferPointer) -> Void) {
        if utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) == nil {
            var copy = self
            copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
        }
    }
}
