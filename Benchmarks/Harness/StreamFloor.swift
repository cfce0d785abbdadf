import CPlatform
import Foundation
import Synchronization

extension Floors {
    /// How many bytes per second can go from one core to the other at all.
    ///
    /// ```
    ///   producer ──> [ 64 KiB | 64 KiB | ... 8 blocks ] ──> consumer
    ///      written ─────────────────────────────────────────>
    ///      <───────────────────────────────────────────── read
    /// ```
    ///
    /// The producer writes every word, the consumer reads and sums every word, and each block's sum is checked.
    static var stream: Contender {
        let blocks = 1024 / effort
        return Contender(
            suite: name, case: FloorCase.stream.rawValue, strategy: "blocks", origin: .floor,
            parameters: ["block": 65_536, "ring": 524_288], unit: .gigabytesPerSecond, threads: 2
        ) { context in
            let ring = StreamRing()
            defer { ring.deallocate() }
            let seed = context.seed
            let abandoned = context.abandoned
            return try context.race(
                operations: blocks * StreamRing.blockBytes,
                producer: {
                    for block in 0..<blocks {
                        // Acquire: the consumer has finished reading what is overwritten here.
                        let isFree = ring.wait(abandoned) {
                            ring.read.pointee.load(ordering: .acquiring) > block - StreamRing.blocks
                        }
                        guard isFree else { return }
                        ring.fill(block, with: seed &+ UInt64(block))
                        ring.written.pointee.store(block + 1, ordering: .releasing)
                    }
                },
                consumer: {
                    var wrong: Int?
                    for block in 0..<blocks {
                        // Acquire: partner of the producer's release, so that the block's words are seen.
                        let isThere = ring.wait(abandoned) { ring.written.pointee.load(ordering: .acquiring) > block }
                        guard isThere else { break }
                        let expected = StreamRing.sum(ofBlockWith: seed &+ UInt64(block))
                        if ring.sum(block) != expected { wrong = wrong ?? block }
                        ring.read.pointee.store(block + 1, ordering: .releasing)
                    }
                    if let wrong { throw VerificationFailure("wrong sum", at: "block \(wrong)", seed: seed) }
                })
        }
    }
}

/// Eight blocks and two indices, each index on a line of its own.
private struct StreamRing: @unchecked Sendable {
    static let blockBytes = 65_536
    static let blocks = 8
    private typealias Vector = SIMD8<UInt64>
    private static let vectors = blockBytes / 64

    private let base: UnsafeMutableRawPointer

    init() {
        let bytes = Self.blocks * Self.blockBytes + 256
        base = .allocate(byteCount: bytes, alignment: 4096)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }

    func deallocate() { base.deallocate() }

    var written: UnsafeMutablePointer<Atomic<Int>> { index(0) }
    var read: UnsafeMutablePointer<Atomic<Int>> { index(1) }

    private func index(_ number: Int) -> UnsafeMutablePointer<Atomic<Int>> {
        // SAFETY: the two lines after the blocks were zeroed; Atomic<Int> has the layout of Int.
        (base + Self.blocks * Self.blockBytes + number * 128).assumingMemoryBound(to: Atomic<Int>.self)
    }

    private func block(_ number: Int) -> UnsafeMutablePointer<Vector> {
        // SAFETY: inside the allocation, aligned to 64 bytes.
        (base + (number % Self.blocks) * Self.blockBytes).assumingMemoryBound(to: Vector.self)
    }

    @inline(__always)
    func wait(_ abandoned: AbandonFlag, _ condition: () -> Bool) -> Bool {
        var turns = 0
        while !condition() {
            turns += 1
            cplatform_pause()
            guard turns & 0xFFF == 0 else { continue }
            if abandoned.isRaised { return false }
            sched_yield()
        }
        return true
    }

    func fill(_ number: Int, with value: UInt64) {
        let target = block(number)
        var vector = Vector(repeating: value)
        for index in 0..<Self.vectors {
            target[index] = vector
            vector &+= 1
        }
    }

    func sum(_ number: Int) -> UInt64 {
        let source = block(number)
        var sums = (Vector.zero, Vector.zero)
        for index in stride(from: 0, to: Self.vectors, by: 2) {
            sums.0 &+= source[index]
            sums.1 &+= source[index + 1]
        }
        return (sums.0 &+ sums.1).wrappedSum()
    }

    /// Vector i holds eight times value + i.
    static func sum(ofBlockWith value: UInt64) -> UInt64 {
        let count = UInt64(vectors)
        return 8 &* (count &* value &+ count * (count - 1) / 2)
    }
}
