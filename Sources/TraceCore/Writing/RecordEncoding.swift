/// How records are laid out. One encoding ships, ``DenseEncoding``; the benchmarks hold others against it.
///
/// An encoding turns the arguments of an event into an ``EncodedRecord``, whose length is known before its first byte is
/// written. Each fits the slack of a page but for texts and wide records, which say so.
public protocol RecordEncoding: Sendable {
    associatedtype None: EncodedRecord
    associatedtype One: EncodedRecord
    associatedtype Two: EncodedRecord
    associatedtype Three: EncodedRecord
    associatedtype Text: EncodedRecord
    associatedtype Wide: EncodedRecord

    /// Its number in a batch's header.
    static var code: UInt16 { get }
    /// The longest delta that a record holds by itself, in units.
    static var maximumDelta: UInt64 { get }
    /// Ids above need a record of their own kind.
    static var maximumID: UInt32 { get }

    static func none() -> None
    static func one(_ a: UInt64) -> One
    static func two(_ a: UInt64, _ b: UInt64) -> Two
    static func three(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> Three

    /// One string.
    static func text(_ text: TextArgument) -> Text
    /// Any fields, already laid out by a ``WidePayload``, which outlives the record.
    static func wide(_ payload: UnsafeRawBufferPointer) -> Wide

    /// Stores a record whose id is above ``maximumID``: two bytes longer.
    static func storeExtended(
        _ record: some EncodedRecord, id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer)

    /// Writes what lets the next record have a delta of more than ``maximumDelta``, at most 16 bytes. Returns its length.
    static func storeSync(_ delta: UInt64, to address: UnsafeMutableRawPointer) -> Int

    /// Writes the record that begins a generation at `time`, at most 24 bytes. Returns its length.
    ///
    /// - Parameter delta: at most ``maximumDelta``.
    static func storeGeneration(
        _ generation: UInt64, time: UInt64, delta: UInt64, to address: UnsafeMutableRawPointer
    ) -> Int
}

/// The arguments of one event, ready to be stored.
public protocol EncodedRecord {
    /// Of the whole record. Stores go up to 7 bytes further.
    var byteCount: Int { get }

    /// What `byteCount` may exceed a page's slack by: 0 for a short record.
    var excess: Int { get }

    /// - Parameters:
    ///   - id: at most the encoding's ``RecordEncoding/maximumID``.
    ///   - delta: at most its ``RecordEncoding/maximumDelta``.
    func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer)
}

extension EncodedRecord {
    @inlinable @inline(__always)
    public var excess: Int { 0 }
}

/// An event whose id is beyond what the encoding's records hold.
@frozen
@usableFromInline
package struct ExtendedRecord<Encoding: RecordEncoding, Base: EncodedRecord>: EncodedRecord {
    @usableFromInline let base: Base

    @inlinable package init(_ base: Base) { self.base = base }

    @inlinable package var byteCount: Int { base.byteCount + 2 }
    @inlinable package var excess: Int { base.excess }

    @inlinable
    package func store(id: UInt32, delta: UInt64, to address: UnsafeMutableRawPointer) {
        Encoding.storeExtended(base, id: id, delta: delta, to: address)
    }
}
