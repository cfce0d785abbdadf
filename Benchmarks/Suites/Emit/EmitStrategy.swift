import TraceCore

/// A way to lay events out, emitted through the library's path: the dense encoding that ships, or another one.
///
/// All handles are static, as ``EventState`` demands. Everything here is inlined into the timed loops.
protocol EmitStrategy: SendableMetatype {
    associatedtype Encoding: RecordEncoding

    static var name: String { get }
    static var ids: EventIDs { get }

    /// Registers all events, so that no timed emit takes the registry's lock.
    static func register()

    static func emit0()
    static func emit1(_ value: UInt64)
    static func emit3(_ a: UInt64, _ b: UInt64, _ c: UInt64)
    /// Of the category ``Stage/offCategory``.
    static func emitOff(_ value: UInt64)
    /// The end of one span and the begin of the next, at one stamp.
    static func emitPair()
    /// The same at two stamps.
    static func emitPairOfStamps()

    // At given times.
    static func begin(at stamp: Stamp)
    static func end(at stamp: Stamp)
    static func emit1(_ value: UInt64, at stamp: Stamp)
    static func emit2(_ a: UInt64, _ b: UInt64, at stamp: Stamp)
    static func emitText(_ text: UnsafeRawBufferPointer, at stamp: Stamp)

    /// Decodes the records of a page; answers what is wrong, if anything.
    static func walk(_ page: PageBytes, _ body: (DecodedRecord) -> Bool) -> String?
}

/// The schema ids of a strategy's events, known once they are registered.
struct EventIDs {
    var zero: UInt16
    var one: UInt16
    var two: UInt16
    var three: UInt16
    var text: UInt16
    var begin: UInt16
    var end: UInt16
}

/// One event as a page holds it.
struct DecodedRecord {
    var id: UInt16
    /// In units.
    var time: UInt64
    var arguments = Arguments()
    /// Of a string: where it stands.
    var text = UnsafeRawBufferPointer(start: nil, count: 0)
}

/// Up to three numbers.
struct Arguments: Equatable {
    var count = 0
    var a: UInt64 = 0
    var b: UInt64 = 0
    var c: UInt64 = 0
}

extension Arguments {
    init(_ a: UInt64) { self.init(count: 1, a: a) }
    init(_ a: UInt64, _ b: UInt64) { self.init(count: 2, a: a, b: b) }
    init(_ a: UInt64, _ b: UInt64, _ c: UInt64) { self.init(count: 3, a: a, b: b, c: c) }
}

/// A page's records.
struct PageBytes {
    var header: BatchHeader
    /// The header, and the records up to the end that `header` tells.
    var bytes: UnsafeRawBufferPointer
    /// How many numbers an event has, by id; a string counts as ``textShape``.
    var shapes: [UInt16: Int]

    static let textShape = -1
}
