public import Synchronization

/// A string that is known beforehand. A record carries its number, one byte as a rule.
///
///     static let get = StaticText("GET")
///     request.emit(get.reference, byteCount)
///
/// A handle as ``EventState`` is one: a `static let` or a global.
@frozen
public struct StaticText: ~Copyable, Sendable {
    public let text: StaticString
    /// 0 until registered.
    @usableFromInline let number = Atomic<UInt32>(0)

    @inlinable @inline(__always)
    public init(_ text: StaticString) { self.text = text }

    /// What a field takes. Any thread; takes a lock and allocates the first time.
    @inlinable
    public var reference: Reference {
        let known = number.load(ordering: .relaxed)
        return Reference(number: known != 0 ? known : register())
    }

    @usableFromInline
    func register() -> UInt32 {
        EventRegistry.shared.register(text.description, as: number)
    }

    @frozen
    public struct Reference: TraceField, Sendable, Hashable {
        /// In ``Trace/texts``, counted from 1.
        public let number: UInt32

        @inlinable init(number: UInt32) { self.number = number }

        @inlinable public static var traceType: FieldType { .staticString }
        @inlinable @inline(__always) public var traceWord: UInt64 { UInt64(number) }
    }
}
