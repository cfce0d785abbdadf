import CPlatform
import Foundation
import Synchronization

/// The words over which the two threads of a race meet.
///
/// ```
///   caller                               helper
///   command = n    ───────────────────>  (parked, or spinning for a while after the last job)
///                  <───────────────────  ready = n
///   go = n         ───────────────────>  stamps, works, stamps
///   stamps, works, stamps
///                  <───────────────────  done = n
/// ```
///
/// Each word is on a line of its own, 128 bytes apart, since the adjacent line is prefetched with it.
/// Invariant: n counts jobs, and a word is written by one side only, with release; the other side reads it with
/// acquire. Otherwise the job's plain fields, written before `command` and before `done`, would race.
struct Rendezvous: @unchecked Sendable {
    private let base: UnsafeMutableRawPointer

    init() {
        base = .allocate(byteCount: 4 * 128, alignment: 128)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: 4 * 128)
    }

    func deallocate() { base.deallocate() }

    var command: UnsafeMutablePointer<Atomic<UInt32>> { word(0) }
    var ready: UnsafeMutablePointer<Atomic<UInt32>> { word(1) }
    var go: UnsafeMutablePointer<Atomic<UInt32>> { word(2) }
    var done: UnsafeMutablePointer<Atomic<UInt32>> { word(3) }

    private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt32>> {
        // SAFETY: four lines were allocated and zeroed; Atomic<UInt32> has the layout of UInt32.
        (base + index * 128).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    /// Spins until `word` has `value`. Gives up the processor now and then: the other thread may need it.
    static func spin(_ word: UnsafeMutablePointer<Atomic<UInt32>>, until value: UInt32, yielding: Bool) {
        var turns = 0
        while word.pointee.load(ordering: .acquiring) != value {
            turns += 1
            if yielding || turns % 4096 == 0 { sched_yield() } else { cplatform_pause() }
        }
    }

    /// Waits until `command` differs from `last`: spins for about 50 us, as jobs come in bursts (canary, sample,
    /// canary), then sleeps, so that single-thread samples have the machine to themselves.
    func nextCommand(after last: UInt32) -> UInt32 {
        let word = command
        for _ in 0..<2000 {
            let value = word.pointee.load(ordering: .acquiring)
            if value != last { return value }
            cplatform_pause()
        }
        while true {
            let value = word.pointee.load(ordering: .acquiring)
            if value != last { return value }
            cplatform_wait(UnsafeRawPointer(word).assumingMemoryBound(to: UInt32.self), last, 0)
        }
    }

    func issue(_ number: UInt32) {
        command.pointee.store(number, ordering: .releasing)
        cplatform_wake(UnsafeRawPointer(command).assumingMemoryBound(to: UInt32.self), 1)
    }
}
