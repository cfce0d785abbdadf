import Synchronization

/// One buffer, one lock, a cursor for each subscriber: the writer overwrites the oldest.
final class LockedBuffer: NaiveFanout {
    static let name = "one-lock"
    private static let capacity: UInt64 = 1 << 16
    private static let batch: UInt64 = 256

    private struct State: @unchecked Sendable {
        let events: UnsafeMutablePointer<NaiveEvent>
        var head: UInt64 = 0
        var cursors: [UInt64]
    }

    private let state: Mutex<State>

    init(subscribers: Int) {
        let events = UnsafeMutablePointer<NaiveEvent>.allocate(capacity: Int(Self.capacity))
        events.initialize(repeating: NaiveEvent(0), count: Int(Self.capacity))
        state = Mutex(State(events: events, cursors: Array(repeating: 0, count: subscribers)))
    }

    deinit { state.withLock { $0.events.deallocate() } }

    @inline(__always)
    func write(_ index: UInt64) {
        let event = NaiveEvent(index)
        state.withLock { state in
            state.events[Int(state.head & (Self.capacity - 1))] = event
            state.head &+= 1
        }
    }

    func read(_ subscriber: Int, _ body: (NaiveEvent) -> Void) -> Int {
        withUnsafeTemporaryAllocation(of: NaiveEvent.self, capacity: Int(Self.batch)) { taken in
            let count = state.withLock { state in
                let oldest = state.head > Self.capacity ? state.head - Self.capacity : 0
                let start = max(state.cursors[subscriber], oldest)
                let end = min(start + Self.batch, state.head)
                for index in start..<end { taken[Int(index - start)] = state.events[Int(index & (Self.capacity - 1))] }
                state.cursors[subscriber] = end
                return Int(end - start)
            }
            for event in taken[..<count] { body(event) }
            return count
        }
    }
}
