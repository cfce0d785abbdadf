/// The state word of a page: who may do what with it.
///
///     63              20 19       4 3     0
///     [ sequence  44   ][ pins 16 ][ phase ]
///
///     free  --claim-->  claiming  --open-->  owned  --seal-->  sealed  --claim-->  claiming ...
///
/// `sequence` is the ticket of the claim while the page is owned, and from its seal on the hand's position then: the age
/// of what is in it. It only grows, modulo 2^44, so no two states of a page are equal but for the pins.
@frozen
@usableFromInline
package struct PageState: Equatable {
    @usableFromInline package var word: UInt64

    @inlinable package init(_ word: UInt64) { self.word = word }

    @inlinable
    package init(sequence: UInt64, phase: Phase) {
        word = sequence &<< 20 | phase.rawValue
    }

    @frozen
    @usableFromInline
    package enum Phase: UInt64 {
        case free, claiming, owned, sealed
    }

    @inlinable package var phase: Phase { Phase(rawValue: word & 3)! }
    @inlinable package var pins: UInt64 { word &>> 4 & 0xFFFF }
    @inlinable package var sequence: UInt64 { word &>> 20 }

    @inlinable package static var pin: UInt64 { 1 << 4 }
    @inlinable package static var maximumPins: UInt64 { 0xFFFF }

    /// How many tickets `later` lies after this sequence: negative where it lies before. Both modulo 2^44.
    @inlinable
    package func age(at later: UInt64) -> Int64 {
        Int64(bitPattern: (later &- sequence) &<< 20) &>> 20
    }
}
