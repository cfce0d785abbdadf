import RingBuffers
import Testing

@testable import Harness

/// What the library's rings allocate once they are made: nothing. Of a debug build that is not true, since unspecialised
/// generic code allocates on its own account: `swift test -c release -Xswiftc -enable-testing` with jemalloc loaded runs these,
/// and `scripts/check-allocations` looks at a whole run of `bench`.
extension AllocationTests {
    @Suite(.enabled(if: Build.configuration == "release", "a debug build allocates"))
    struct Library {
        private let pair = ThreadPair()

        private func leastAllocations(_ body: () -> Void) throws -> UInt64 {
            body()  // What happens once, such as the making of metadata.
            return try AllocationTests.leastAllocations(on: pair) { $0.counting(operations: 1, body) }
        }

        @Test func aSlotRingAllocates() throws {
            let ring = SPSCRing<UInt64>(minimumCapacity: 1024)
            var producer = ring.producer
            var consumer = ring.consumer
            let least = try leastAllocations {
                for round in 0..<100 as Range<UInt64> {
                    for element in 0..<50 as Range<UInt64> {
                        if !producer.push(round &* 50 &+ element) { fatalError("full") }
                    }
                    for element in 0..<50 as Range<UInt64> where consumer.pop() != round &* 50 &+ element {
                        fatalError("wrong")
                    }
                }
            }
            #expect(least == 0)
        }

        @Test func aByteRingAllocates() throws {
            let ring = try ByteRing(minimumCapacity: 1 << 16)
            var producer = ring.producer
            var consumer = ring.consumer
            let record = [UInt8](repeating: 7, count: 48)
            let least = try leastAllocations {
                for _ in 0..<1000 {
                    let isTaken = try? producer.push(record.span.bytes)
                    let count = consumer.pop { $0.byteCount }
                    if isTaken != true || count != 48 { fatalError("wrong") }
                }
            }
            #expect(least == 0)
        }

        @Test func aBroadcastRingAllocates() throws {
            let ring = BroadcastRing<UInt64>(minimumCapacity: 1024)
            var reader = ring.readers.makeReader()
            var producer = ring.producer
            let least = try leastAllocations {
                for element in 0..<1000 as Range<UInt64> {
                    producer.publish(element)
                    if reader.next() != element { fatalError("wrong") }
                }
            }
            #expect(least == 0)
        }

        @Test func aChannelAllocates() throws {
            let channel = SPSCChannel<UInt64>(minimumCapacity: 1024)
            var sender = channel.sender
            var receiver = channel.receiver
            let least = try leastAllocations {
                for element in 0..<1000 as Range<UInt64> {
                    if sender.send(element) != nil || receiver.receive() != element { fatalError("wrong") }
                }
            }
            #expect(least == 0)
        }
    }
}
