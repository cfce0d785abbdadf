import CPlatform

/// Hands each event to each subscriber by itself, without generations: what comes to mind first. For one writer; all methods
/// but ``write(_:)`` may be called by another thread, one for each subscriber.
protocol NaiveFanout: AnyObject, Sendable {
    static var name: String { get }
    init(subscribers: Int)
    /// An event: the time and `index`, which ascends by one. Never waits for a subscriber.
    func write(_ index: UInt64)
    /// Takes what there is, at most a few thousand events; returns how many.
    func read(_ subscriber: Int, _ body: (NaiveEvent) -> Void) -> Int
}

struct NaiveEvent: Sendable, BitwiseCopyable {
    var ticks: UInt64
    var index: UInt64

    @inline(__always)
    init(_ index: UInt64) {
        ticks = cplatform_cycle_counter()
        self.index = index
    }
}
