import RingStrategies
import Testing

extension RingStrategiesTests {
    @Suite struct HandOverLossOrReorder {
        private struct Seen: Sendable {
            var next: UInt64 = 0
            var isWrong = false
        }

        private func check<Way: HandOver>(_: Way.Type, capacity: Int?, count: Int) where Way.Item: Numbered {
            let seen = Way.run(count: count, capacity: capacity, state: Seen(), produce: { Way.Item(UInt64($0)) }) {
                seen, item in
                if item != Way.Item(seen.next) { seen.isWrong = true }
                seen.next += 1
            }
            #expect(seen.next == UInt64(count) && !seen.isWrong, "capacity \(capacity ?? -1)")
        }

        @Test(arguments: [8, 1024, nil]) func asyncStream(capacity: Int?) {
            check(AsyncStreamHandOver<UInt64>.self, capacity: capacity, count: 20_000)
            check(AsyncStreamHandOver<Line>.self, capacity: capacity, count: 5_000)
            check(AsyncStreamHandOver<UInt64>.self, capacity: capacity, count: 0)
        }

        @Test(arguments: [8, 1024, nil]) func dispatchQueue(capacity: Int?) {
            check(DispatchQueueHandOver<UInt64>.self, capacity: capacity, count: 20_000)
            check(DispatchQueueHandOver<Line>.self, capacity: capacity, count: 5_000)
            check(DispatchQueueHandOver<UInt64>.self, capacity: capacity, count: 0)
        }
    }
}
