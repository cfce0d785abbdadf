public import Dispatch

/// A serial dispatch queue, one block an item; a semaphore bounds how many are on their way. The queue orders everything.
///
/// Gives up: an allocation and a block an item, and threads that cannot be pinned.
public enum DispatchQueueHandOver<Item: BitwiseCopyable & Sendable>: HandOver {
    @inlinable
    public static func run<State: Sendable>(
        count: Int, capacity: Int?, state: State, produce: (Int) -> Item,
        consume: @escaping @Sendable (inout State, Item) -> Void
    ) -> State {
        let queue = DispatchQueue(label: "hand-over")
        let current = Confined(state)
        guard let capacity else {
            for index in 0..<count {
                let item = produce(index)
                queue.async { consume(&current.value, item) }
            }
            return queue.sync { current.value }
        }
        let room = DispatchSemaphore(value: capacity)
        for index in 0..<count {
            let item = produce(index)
            room.wait()
            queue.async {
                consume(&current.value, item)
                room.signal()
            }
        }
        return queue.sync { current.value }
    }
}

/// A variable that only the blocks of one serial queue touch.
@usableFromInline
final class Confined<Value: Sendable>: @unchecked Sendable {
    @usableFromInline var value: Value

    @inlinable
    init(_ value: Value) { self.value = value }
}
