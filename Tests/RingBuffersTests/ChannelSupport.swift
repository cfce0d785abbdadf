import Foundation
import MemoryAccess
import RingBuffers
import Synchronization

/// The machine's memory, where ThreadSanitizer sees the slots, and a test sees how often a half was about to wait and how often it slept.
///
/// A type stands for one count: each suite that looks at counts has its own.
protocol CountingMemory: TouchingMemory {
    static var announced: Atomic<Int> { get }
    static var slept: Atomic<Int> { get }
}

extension CountingMemory {
    static func storeRelease(_ value: UInt64, to word: SharedWord) { NativeMemory.storeRelease(value, to: word) }
    static func prepareFences() { NativeMemory.prepareFences() }
    static func lightFence() { NativeMemory.lightFence() }

    /// The bell is set, and the half is about to look again.
    static func heavyFence() {
        announced.add(1, ordering: .relaxed)
        NativeMemory.heavyFence()
    }

    static func sleep(on word: SharedWord, while value: UInt32, nanoseconds: UInt64) {
        slept.add(1, ordering: .releasing)
        NativeMemory.sleep(on: word, while: value, nanoseconds: nanoseconds)
    }
}

extension CountingMemory {
    /// Waits until a half has started to sleep since the count was `before`.
    static func awaitSleeper(since before: Int) {
        while slept.load(ordering: .acquiring) == before { yieldProcessor() }
    }

    /// Waits until a half has set its bell since the count was `before`.
    static func awaitBell(since before: Int) {
        while announced.load(ordering: .acquiring) == before { yieldProcessor() }
    }

    /// The same for a task: the other half may need this thread.
    static func awaitBell(since before: Int) async {
        while announced.load(ordering: .acquiring) == before { await Task.yield() }
    }
}

/// Ends the process with a message if `body` takes longer than an hour: a lost wake-up has no other end. Under the whole suite the
/// tasks of a test wait for threads that other tests keep busy for many seconds, and under a sanitizer for minutes.
func watched<Result>(_ name: String = #function, _ body: () throws -> Result) rethrows -> Result {
    let dog = Watchdog(name)
    defer { dog.stop() }
    return try body()
}

func watched<Result>(
    _ name: String = #function, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async rethrows -> Result {
    let dog = Watchdog(name)
    defer { dog.stop() }
    return try await body()
}

private struct Watchdog: Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ name: String) {
        let done = done
        Thread.detachNewThread {
            if done.wait(timeout: .now() + 3600) == .timedOut { fatalError("\(name): stuck, a wake-up was lost") }
        }
    }

    func stop() { done.signal() }
}

/// Lets about `rounds` pauses pass: more than the 128 that a half spins before it sleeps.
func dawdle(_ rounds: Int) {
    for _ in 0..<rounds { NativeMemory.pause() }
}
