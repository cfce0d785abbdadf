import RingStrategies
import Testing

extension RingStrategiesTests {
    @Suite struct ManyProducers {
        /// Each producer's items arrive in its order, none lost or doubled, though tickets interleave.
        @Test(arguments: [8, 64]) func fetchAddTicketsCollideOrOverrun(capacity: Int) {
            let count: UInt64 = 40_000
            let ends = SharedFetchAdd<UInt64>.make(capacity: capacity, producers: 3)
            let first = Courier(ends.producer.another())
            let second = Courier(ends.producer.another())
            let third = Courier(ends.producer)
            let consumerCourier = Courier(ends.consumer)
            @Sendable func produce(_ id: UInt64, _ courier: Courier<SharedFetchAdd<UInt64>.Producer>) {
                var producer = courier.take()
                var patience = Patience("mpsc-fetch-add")
                for number in 0..<count { while !producer.push(id << 32 | number) { patience.giveWay() } }
            }
            beside({ produce(0, first) }) {
                beside({ produce(1, second) }) {
                    beside({ produce(2, third) }) {
                        var consumer = consumerCourier.take()
                        var next: [UInt64] = [0, 0, 0]
                        var left = 3 * count
                        var patience = Patience("mpsc-fetch-add")
                        while left > 0 {
                            guard let item = consumer.pop() else {
                                patience.giveWay()
                                continue
                            }
                            let id = Int(item >> 32)
                            if id > 2 || next[id] != item & 0xFFFF_FFFF {
                                Issue.record("\(item & 0xFFFF_FFFF) of producer \(id), next \(next)")
                                return
                            }
                            next[id] += 1
                            left -= 1
                        }
                        if consumer.pop() != nil { Issue.record("an item too many") }
                    }
                }
            }
        }

        @Test func refusesWithoutHoldingATicket() {
            let ends = SharedFetchAdd<UInt64>.make(capacity: 8, producers: 2)
            var other = ends.producer.another()
            var producer = ends.producer
            var consumer = ends.consumer
            var pushed: UInt64 = 0
            while producer.push(pushed) { pushed += 1 }
            let isRefused = !other.push(0)
            #expect(pushed == 7 && isRefused)
            for expected in 0..<pushed {
                let item = consumer.pop()
                #expect(item == expected)
            }
            let none = consumer.pop()
            let isTaken = other.push(99)
            let last = consumer.pop()
            #expect(none == nil && isTaken && last == 99)
        }
    }
}
