import CFloor
import Harness

/// The ring in C. Whoever makes it frees it.
struct CRing: @unchecked Sendable {
    let address: UnsafeMutablePointer<cfloor_ring>
    private let capacity: UInt64

    static let id: UInt64 = 7
    /// Of 24 bytes: 768 KiB, about as large as the arena that is held against it.
    static let usualCapacity: UInt64 = 1 << 15

    init(capacity: UInt64 = usualCapacity) {
        guard let address = cfloor_make(capacity) else { fatalError("no memory for \(capacity) records") }
        self.address = address
        self.capacity = capacity
    }

    func deallocate() { cfloor_free(address) }

    /// Throws unless `count` records were written and those that are left hold what `expected` says, at times that do not go
    /// back.
    func check(_ count: UInt64, seed: UInt64, _ expected: (UInt64) -> UInt64) throws {
        guard cfloor_index(address) == count else {
            throw VerificationFailure(
                "\(cfloor_index(address)) records instead of \(count)", at: "the ring", seed: seed)
        }
        var last: UInt64 = 0
        for index in (count > capacity ? count - capacity : 0)..<count {
            let record = address.pointee.records[Int(index & (capacity - 1))]
            guard record.id == Self.id, record.value == expected(index), record.ticks >= last else {
                throw VerificationFailure("found \(record)", at: "record \(index)", seed: seed)
            }
            last = record.ticks
        }
    }
}
