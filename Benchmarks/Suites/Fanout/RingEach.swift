import RingBuffers

/// A ring for each subscriber, and each event into each ring; a full one drops it.
final class RingEach: NaiveFanout, @unchecked Sendable {
    static let name = "ring-each"
    private typealias Ring = SPSCRing<NaiveEvent>

    private let count: Int
    private let producers: UnsafeMutablePointer<Ring.Producer>
    private let consumers: UnsafeMutablePointer<Ring.Consumer>

    init(subscribers: Int) {
        count = subscribers
        producers = .allocate(capacity: subscribers)
        consumers = .allocate(capacity: subscribers)
        for number in 0..<subscribers {
            let ring = Ring(minimumCapacity: 1 << 14)
            (producers + number).initialize(to: ring.producer)
            (consumers + number).initialize(to: ring.consumer)
        }
    }

    deinit {
        producers.deinitialize(count: count)
        consumers.deinitialize(count: count)
        producers.deallocate()
        consumers.deallocate()
    }

    @inline(__always)
    func write(_ index: UInt64) {
        let event = NaiveEvent(index)
        for number in 0..<count { _ = producers[number].push(event) }
    }

    func read(_ subscriber: Int, _ body: (NaiveEvent) -> Void) -> Int {
        var taken = 0
        while taken < 4096, let event = consumers[subscriber].pop() {
            body(event)
            taken += 1
        }
        return taken
    }
}
