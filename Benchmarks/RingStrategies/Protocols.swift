/// The two halves of one ring, each to be taken to its thread.
@frozen
public struct Ends<Producer: ~Copyable, Consumer: ~Copyable>: ~Copyable {
    public var producer: Producer
    public var consumer: Consumer

    @inlinable
    public init(producer: consuming Producer, consumer: consuming Consumer) {
        self.producer = producer
        self.consumer = consumer
    }
}

/// What a workload asks of the writing end of a ring of fixed-size items. A lossless ring refuses when it is full.
public protocol ItemProducer: ~Copyable {
    associatedtype Item: BitwiseCopyable & Sendable

    /// False when the ring is full: nothing was taken.
    mutating func push(_ item: Item) -> Bool

    /// Pushes as many of `items`, from the first, as there is room for now; returns how many.
    mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int

    /// Makes visible what a strategy with deferred publication holds back. Nothing to do for the others.
    mutating func flush()
}

/// What a workload asks of the reading end of a ring of fixed-size items.
public protocol ItemConsumer: ~Copyable {
    associatedtype Item: BitwiseCopyable & Sendable

    /// The oldest item, or `nil` when none is visible.
    mutating func pop() -> Item?

    /// Visits and removes the items that are visible now, oldest first, at most `limit`; returns how many.
    mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int
}

/// The writing end of a ring of variable-length records.
public protocol RecordProducer: ~Copyable {
    /// Copies `record` (1 byte or more) into the ring. False when there is no room now.
    mutating func push(_ record: UnsafeRawBufferPointer) -> Bool

    mutating func flush()
}

/// The reading end of a ring of variable-length records.
public protocol RecordConsumer: ~Copyable {
    /// Shows the oldest record in place and removes it. False when none is visible.
    mutating func pop(_ visit: (UnsafeRawBufferPointer) -> Void) -> Bool
}

/// The writing end of a ring that overwrites: it never waits.
public protocol OverwritingProducer: ~Copyable {
    associatedtype Item: BitwiseCopyable & Sendable
    mutating func publish(_ item: Item)
    mutating func flush()
}

/// The reading end of a ring that overwrites. After each call, items returned + `lostCount` is exactly the number of
/// items, from the first published, that this reader has gone past.
public protocol OverwritingConsumer: ~Copyable {
    associatedtype Item: BitwiseCopyable & Sendable
    mutating func pop() -> Item?
    var lostCount: UInt64 { get }
}

/// A way to hand items over that brings its own consuming side, such as a task or a dispatch queue: there are no two
/// ends to take to two threads of the workload's choice.
public protocol HandOver {
    associatedtype Item: BitwiseCopyable & Sendable

    /// Hands over `produce(0) ..< produce(count)` from the calling thread, and returns the state that `consume` made of
    /// `state`, item by item in order, once the last item is consumed.
    ///
    /// At most about `capacity` items are on their way; with `nil`, as many as there are.
    static func run<State: Sendable>(
        count: Int, capacity: Int?, state: State, produce: (Int) -> Item,
        consume: @escaping @Sendable (inout State, Item) -> Void
    ) -> State
}

extension ItemProducer where Self: ~Copyable {
    @inlinable @inline(__always)
    public mutating func push(batch items: UnsafeBufferPointer<Item>) -> Int {
        var count = 0
        while count < items.count, push(items[count]) { count += 1 }
        return count
    }

    @inlinable @inline(__always)
    public mutating func flush() {}
}

extension ItemConsumer where Self: ~Copyable {
    @inlinable @inline(__always)
    public mutating func drain(upTo limit: Int, _ visit: (Item) -> Void) -> Int {
        var count = 0
        while count < limit, let item = pop() {
            visit(item)
            count += 1
        }
        return count
    }
}

extension RecordProducer where Self: ~Copyable {
    @inlinable @inline(__always)
    public mutating func flush() {}
}

extension OverwritingProducer where Self: ~Copyable {
    @inlinable @inline(__always)
    public mutating func flush() {}
}

/// A 64-byte item: one line.
@frozen
public struct Line: BitwiseCopyable, Sendable, Equatable {
    public var words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    @inlinable @inline(__always)
    public init(_ value: UInt64) {
        words = (value, value &+ 1, value &+ 2, value &+ 3, value &+ 4, value &+ 5, value &+ 6, value &+ 7)
    }

    @inlinable @inline(__always)
    public static func == (a: Line, b: Line) -> Bool {
        (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) | (a.words.3 ^ b.words.3)
            | (a.words.4 ^ b.words.4) | (a.words.5 ^ b.words.5) | (a.words.6 ^ b.words.6) | (a.words.7 ^ b.words.7) == 0
    }
}
