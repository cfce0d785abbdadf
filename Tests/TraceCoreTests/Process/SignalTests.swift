import Foundation
import ProcessSupport
import Synchronization
import Testing
import TraceCore

/// The handler's own count, per test.
private let handled = Atomic<UInt64>(0)
/// Handlers that have come back.
private let left = Atomic<UInt64>(0)

private func emitInHandler(_ signal: Int32) {
    Recorded.byHandler.emit(1, handled.add(1, ordering: .relaxed).oldValue)
    left.add(1, ordering: .relaxed)
}

extension TraceOfTheProcess {
    @Suite(.serialized) struct EmitsOfASignalHandler {
        /// Signals a thread while `body` runs on it.
        private func underSignals(_ body: @escaping @Sendable () -> Void) -> Bool {
            left.store(handled.load(ordering: .relaxed), ordering: .relaxed)
            #if os(Linux)
                // A signal of the real-time kind: as many handlers run as were sent.
                let (number, depth) = (__libc_current_sigrtmin() + 2, 4 as UInt64)
            #else
                let (number, depth) = (SIGUSR2, 1 as UInt64)
            #endif
            var sent = left.load(ordering: .relaxed)
            process_support_on_signal(number, emitInHandler, true)
            let ended = Flag()
            let thread = SystemThread {
                process_support_unblock(number)
                body()
                ended.set()
            }
            let limit = Date(timeIntervalSinceNow: 180)
            while !ended.isSet && Date() < limit {
                // Handlers come into handlers; without a limit, until the stack is full.
                if sent &- left.load(ordering: .relaxed) < depth {
                    thread.signal(number)
                    sent &+= 1
                } else {
                    yieldProcessor()
                }
            }
            guard ended.isSet else { return false }
            thread.join()
            return true
        }

        /// Signals a thread while `body` runs on it, and another one begins so many recordings, each once there are so many events
        /// in the last; `body` is to return then. False where it does not.
        private func whileRecordingsChange(
            _ rounds: Int, events: UInt64, _ body: @escaping @Sendable (Flag) -> Void
        ) -> Bool {
            let stops = Flag()
            Recorded.register()
            let changer = SystemThread {
                for round in 0..<rounds {
                    let arena = Recorded.arena(pages: 4)
                    try? Trace.start(arena)
                    Recorded.awaitEvents(events, in: arena)
                    if round % 2 == 0 { Trace.stop() }
                }
                stops.set()
            }
            guard underSignals({ body(stops) }) else { return false }
            changer.join()
            Trace.stop()
            return true
        }

        /// Emitted by thread and handler = what the lanes counted + what no lane could count; and all that is readable is
        /// whole and in order.
        @Test(arguments: [4, 200])
        func conservation(pages: Int) throws {
            handled.store(0, ordering: .relaxed)
            let arena = Recorded.arena(pages: pages)
            let before = Trace.uncounted
            try Trace.start(arena)
            let words: UInt64 = 100_000
            let hasEnded = underSignals {
                for word in 0..<words {
                    if word % 64 == 0 { _ = try? arena.advance() }
                    Recorded.pair.emit(0, word)
                }
            }
            try #require(hasEnded)
            Trace.stop()
            let emitted = words + handled.load(ordering: .relaxed)
            #expect(Recorded.events(arena) + Trace.uncounted - before == emitted)
            for id in [Recorded.pair.state.id, Recorded.byHandler.state.id] {
                let pairs = try Recorded.pairs(arena, id: id)
                for (one, next) in zip(pairs, pairs.dropFirst()) where one.lane == next.lane {
                    // A handler inside a handler comes between that one's count and its emit.
                    #expect(id != Recorded.pair.state.id || one.word < next.word)
                }
                #expect(Set(pairs.map(\.word)).count == pairs.count)
            }
            #expect(handled.load(ordering: .relaxed) > 10)
        }

        /// Another thread ends and begins recordings: the lane of an interrupted emit stays, and so does its arena.
        @Test func recordingsChangeUnderTheHandler() throws {
            handled.store(0, ordering: .relaxed)
            let hasEnded = whileRecordingsChange(150, events: 500) { stops in
                var word: UInt64 = 0
                while !stops.isSet {
                    Recorded.pair.emit(0, word)
                    word += 1
                }
            }
            #expect(hasEnded)
        }

        /// The thread emits nothing itself: each recording's lane is taken by a handler, most often inside `malloc` or `free`.
        @Test func handlersTakeLanesInsideOfMalloc() throws {
            let hasEnded = whileRecordingsChange(500, events: 4) { stops in
                var kept: [UnsafeMutableRawPointer] = []
                while !stops.isSet {
                    // More of each size than a thread's own cache has: what a handler allocated would need the same lock.
                    for number in 0..<4000 { kept.append(malloc(16 + number * 48 % 1008)) }
                    for memory in kept { free(memory) }
                    kept.removeAll(keepingCapacity: true)
                }
            }
            #expect(hasEnded, "a handler waits for its own thread's malloc")
        }

        /// The handler comes while its thread holds the lock of the trace.
        @Test func theThreadIsInsideOfTheTrace() throws {
            Recorded.register()
            let hasEnded = underSignals {
                for round in 0..<400 {
                    try? Trace.start(Recorded.arena(pages: 2))
                    Recorded.one.emit(1)
                    for _ in 0..<50 { _ = Trace.arena }
                    if round % 2 == 0 { Trace.stop() }
                }
            }
            #expect(hasEnded, "the handler waits for its own thread")
            if hasEnded { Trace.stop() }
        }
    }
}
