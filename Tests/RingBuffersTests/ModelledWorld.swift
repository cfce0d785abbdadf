import Foundation
import MemoryAccess
import RingBuffers
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the two fences of a modelled machine do.
enum ModelledFences: CaseIterable {
    /// Light: nothing. Heavy: a full fence on both processors, as by membarrier.
    case asymmetric

    /// Both a full fence on the own processor.
    case symmetric

    /// Light: nothing. Heavy: a full fence on the own processor only. Wrong.
    case heavyIsLocal

    /// Neither does anything. Wrong.
    case none
}

/// A machine of two processors with store buffers, which runs one of its threads at a time.
///
/// A store goes into the buffer of its processor; it gets from there to memory in order, at a moment that the seed decides,
/// or at a fence or a read-modify-write. A load sees the own buffer first. Before each access the seed decides whether the
/// other thread goes on instead: so a run is the same for the same seed, and the source that runs is the one that ships.
///
/// A half that sleeps is woken by `wake` alone. Where both sleep, or one sleeps and the other has ended, a wake-up was lost:
/// it is counted, and who sleeps goes on, so that the run ends.
///
/// All of it is behind `condition`.
final class ModelledWorld: @unchecked Sendable {
    private let condition = NSCondition()
    private let fences: ModelledFences
    private let first = pthread_self()
    private var random: SeededRandom
    private var turn = 0
    private var buffers: [[(word: SharedWord, value: UInt64)]] = [[], []]
    private var isSpinning = [false, false]
    private var sleepsOn: [SharedWord?] = [nil, nil]
    private var hasEnded = [false, false]
    private(set) var sleeps = 0
    private(set) var lostWakeUps = 0

    /// Made on the thread that is to be side 0; any other is side 1.
    init(_ fences: ModelledFences, seed: UInt64) {
        self.fences = fences
        random = SeededRandom(state: seed)
    }

    private var side: Int { pthread_equal(pthread_self(), first) != 0 ? 0 : 1 }

    func load(_ word: SharedWord) -> UInt64 {
        step { side in
            buffers[side].last { $0.word == word }?.value ?? word.pointee.load(ordering: .sequentiallyConsistent)
        }
    }

    func store(_ value: UInt64, to word: SharedWord) { step { buffers[$0].append((word, value)) } }

    func modify<Result>(_ body: () -> Result) -> Result {
        step { side in
            drain(side)
            return body()
        }
    }

    func fullFence() { step { drain($0) } }

    func lightFence() { if fences == .symmetric { fullFence() } }

    func heavyFence() {
        step { side in
            if fences != .none { drain(side) }
            if fences == .asymmetric { drain(1 - side) }
        }
    }

    /// The look after a pause stays with its thread: else, a half that spins would always be served, and never sleep.
    func pause() {
        condition.lock()
        isSpinning[side] = true
        condition.unlock()
    }

    func sleep(on word: SharedWord, while value: UInt32) {
        step { side in
            drain(side)
            guard word.pointee.load(ordering: .sequentiallyConsistent) == value else { return }
            sleeps += 1
            if sleepsOn[1 - side] != nil || hasEnded[1 - side] {
                lostWakeUps += 1
                sleepsOn[1 - side] = nil
                return
            }
            sleepsOn[side] = word
            turn = 1 - side
            condition.broadcast()
            while turn != side || sleepsOn[side] != nil {
                if sleepsOn[side] != nil && hasEnded[1 - side] {
                    lostWakeUps += 1
                    sleepsOn[side] = nil
                } else {
                    condition.wait()
                }
            }
        }
    }

    func wake(_ word: SharedWord) {
        step { side in
            drain(side)
            if sleepsOn[1 - side] == word { sleepsOn[1 - side] = nil }
        }
    }

    /// The thread makes no further access.
    func end() {
        step { side in
            drain(side)
            hasEnded[side] = true
            turn = 1 - side
            condition.broadcast()
        }
    }

    /// One access: `body` gets the side that makes it. One time in four, the other side goes on first.
    private func step<Result>(_ body: (Int) -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        let side = side
        awaitTurn(side)
        let mayYield = !isSpinning[side]
        isSpinning[side] = false
        if mayYield && random.below(4) == 0 && !hasEnded[1 - side] && sleepsOn[1 - side] == nil {
            turn = 1 - side
            condition.broadcast()
            awaitTurn(side)
        }
        if random.below(32) == 0 {
            let lucky = random.below(2)
            if !buffers[lucky].isEmpty { write(buffers[lucky].removeFirst()) }
        }
        return body(side)
    }

    private func awaitTurn(_ side: Int) { while turn != side { condition.wait() } }

    private func drain(_ side: Int) {
        for entry in buffers[side] { write(entry) }
        buffers[side] = []
    }

    private func write(_ entry: (word: SharedWord, value: UInt64)) {
        entry.word.pointee.store(entry.value, ordering: .sequentiallyConsistent)
    }
}

/// The memory of the ``ModelledWorld`` that is current.
enum ModelledMemory: MemoryModel {
    nonisolated(unsafe) static var world: ModelledWorld!

    static func loadRelaxed(_ word: SharedWord) -> UInt64 { world.load(word) }
    static func loadAcquire(_ word: SharedWord) -> UInt64 { world.load(word) }
    static func storeRelaxed(_ value: UInt64, to word: SharedWord) { world.store(value, to: word) }
    static func storeRelease(_ value: UInt64, to word: SharedWord) { world.store(value, to: word) }
    static func fetchAdd(_ value: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        world.modify { NativeMemory.fetchAdd(value, to: word) }
    }
    static func fetchOr(_ bits: UInt64, to word: SharedWord, order: ModificationOrder) -> UInt64 {
        world.modify { NativeMemory.fetchOr(bits, to: word) }
    }
    static func compareExchange(_ expected: UInt64, with desired: UInt64, in word: SharedWord, order: ModificationOrder)
        -> Bool
    {
        world.modify { NativeMemory.compareExchange(expected, with: desired, in: word) }
    }
    static func fence() { world.fullFence() }
    static func lightFence() { world.lightFence() }
    static func heavyFence() { world.heavyFence() }
    static func sleep(on word: SharedWord, while value: UInt32, nanoseconds: UInt64) {
        world.sleep(on: word, while: value)
    }
    static func wake(_ word: SharedWord) { world.wake(word) }
    static func willRead(_ cell: UnsafeRawPointer, byteCount: Int) {}
    static func willWrite(_ cell: UnsafeRawPointer, byteCount: Int) {}
    static func pause() { world.pause() }
    static func prefetchForReading(_ address: UnsafeRawPointer) {}
    static func prefetchForWriting(_ address: UnsafeRawPointer) {}
}
