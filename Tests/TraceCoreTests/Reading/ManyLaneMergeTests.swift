import FuzzTargets
import Testing
import TraceCore

/// Merges of more lanes than are merged two by two, and keys of unusual layouts.
@Suite struct MergesOfManyLanes {
    private static let schemas = [EventSchema(id: 1, name: "s", category: "c", fields: [])]

    /// What the readers say that is wrong, of lanes of so many events each, at distances that `gap` draws.
    private func failure(_ lanes: [Int], _ gap: (inout TestRandom) -> UInt64) -> String? {
        var random = TestRandom(7)
        var bytes: [UInt8] = []
        var offsets: [Int] = []
        for (lane, count) in lanes.enumerated() {
            offsets.append(bytes.count)
            bytes += headerBytes(BatchHeader(baseTime: 1000, lane: UInt32(lane)), byteCount: 3 * count)
            for _ in 0..<count {
                let delta = gap(&random)
                bytes += [1, UInt8(delta & 0xFF), UInt8(delta >> 8)]
            }
        }
        return Agreement.failure(GuardedBytes(bytes), offsets, Self.schemas)
    }

    @Test func spreadTimes() {
        #expect(failure(Array(repeating: 250, count: 40)) { $0.next() % 2000 } == nil)
    }

    @Test func lanesOfDifferentLengths() {
        #expect(failure((0..<30).map { 1 + 40 * ($0 % 9) }) { $0.next() % 60_000 } == nil)
    }

    /// Buckets hold many keys of many lanes, none of them in order.
    @Test func bunchedTimes() {
        #expect(failure(Array(repeating: 300, count: 30)) { $0.next() % 50 == 0 ? 1 : 0 } == nil)
        #expect(
            failure(Array(repeating: 300, count: 30)) { $0.next() % 300 == 0 ? 60_000 : $0.next() % 40 == 0 ? 1 : 0 }
                == nil)
    }

    @Test func oneTime() {
        #expect(failure(Array(repeating: 20, count: 50)) { _ in 0 } == nil)
    }

    /// More events in one window than are counted.
    @Test func moreEventsThanPlaces() {
        #expect(failure(Array(repeating: 5600, count: 12)) { _ in 1 } == nil)
    }

    /// Offsets of more than 14 bits.
    @Test func aLongBatch() {
        #expect(failure([9000] + Array(repeating: 100, count: 12)) { $0.next() % 30 } == nil)
    }

    /// Lanes of more than 10 bits.
    @Test func moreLanesThanUsual() {
        #expect(failure(Array(repeating: 3, count: 1100)) { $0.next() % 5000 } == nil)
    }
}
