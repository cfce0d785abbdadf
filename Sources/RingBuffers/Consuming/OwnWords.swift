/// The words of a ring that one half alone reads and writes, and that its fast path does not need.
///
///     byte  136   bound   one past the last position known to be free      the producer's, beside `coarse`
///     byte  264   tail    one past the last position known to be written   the consumer's, beside `released`
///     byte  272   pace    how the consumer looks for more                  the consumer's
///
/// They lie in lines that the same half writes anyway, and not in the half itself: a half of four words is returned in
/// registers, and so lives there where it is a local variable. A larger one is returned in memory, whose address has then been
/// seen, and each operation loads and stores its position there.
@usableFromInline
protocol OwnWords {
    /// Where the ring's control words begin; these three were initialised before either half saw them.
    var base: UnsafeMutableRawPointer { get }
}

extension OwnWords {
    @inlinable @inline(__always) var bound: UInt64 {
        get { base.load(fromByteOffset: 136, as: UInt64.self) }
        nonmutating set { base.storeBytes(of: newValue, toByteOffset: 136, as: UInt64.self) }
    }

    @inlinable @inline(__always) var tail: UInt64 {
        get { base.load(fromByteOffset: 264, as: UInt64.self) }
        nonmutating set { base.storeBytes(of: newValue, toByteOffset: 264, as: UInt64.self) }
    }

    @inlinable @inline(__always) var pace: ConsumerPace {
        get { base.load(fromByteOffset: 272, as: ConsumerPace.self) }
        nonmutating set { base.storeBytes(of: newValue, toByteOffset: 272, as: ConsumerPace.self) }
    }
}
