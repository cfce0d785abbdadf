public import CPlatform
import Dispatch
import Synchronization

/// What Swift concurrency offers: an `AsyncStream` that a detached task reads with `for await`.
///
/// With a capacity the stream keeps the oldest items and refuses a new one when it is full, and the producer tries again;
/// without, it buffers all. Its lock orders everything.
///
/// Gives up: a lock for every yield and every item, a resumption for each wait, and threads that cannot be pinned.
public enum AsyncStreamHandOver<Item: BitwiseCopyable & Sendable>: HandOver {
    @inlinable
    public static func run<State: Sendable>(
        count: Int, capacity: Int?, state: State, produce: (Int) -> Item,
        consume: @escaping @Sendable (inout State, Item) -> Void
    ) -> State {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Item.self, bufferingPolicy: capacity.map { .bufferingOldest($0) } ?? .unbounded)
        let outcome = Outcome<State>()
        Task.detached {
            var state = state
            for await item in stream { consume(&state, item) }
            outcome.finish(state)
        }
        for index in 0..<count {
            let item = produce(index)
            while case .dropped = continuation.yield(item) { cplatform_pause() }
        }
        continuation.finish()
        return outcome.wait()
    }
}

/// A value that a task leaves for a thread that waits.
@usableFromInline
final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let done = DispatchSemaphore(value: 0)

    @usableFromInline
    init() {}

    @usableFromInline
    func finish(_ value: Value) {
        self.value.withLock { $0 = value }
        done.signal()
    }

    @usableFromInline
    func wait() -> Value {
        done.wait()
        return value.withLock { $0! }
    }
}
