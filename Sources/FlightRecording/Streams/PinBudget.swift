package import MemoryAccess
internal import Synchronization

typealias PinBudget = GenericPinBudget<NativeMemory>

/// How many pages generations may keep pinned, all together. Only the hub takes; any thread gives back.
package final class GenericPinBudget<Memory: MemoryModel>: @unchecked Sendable {
    let limit: Int
    private let taken = SharedWord.allocate(capacity: 1)

    package init(_ limit: Int) {
        self.limit = limit
        taken.initialize(to: Atomic(0))
    }

    deinit { taken.deallocate() }

    var used: Int { Int(Memory.loadRelaxed(taken)) }

    /// One caller at a time.
    package func take() -> Bool {
        // Pairs with the release of `give`: the page was unpinned before.
        guard Memory.loadAcquire(taken) < UInt64(limit) else { return false }
        _ = Memory.fetchAdd(1, to: taken, order: .relaxed)
        return true
    }

    package func give(_ count: Int) { _ = Memory.fetchAdd(0 &- UInt64(count), to: taken, order: .releasing) }
}
