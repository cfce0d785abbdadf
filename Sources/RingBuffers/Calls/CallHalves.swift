public import MemoryAccess

extension GenericCallLine {
    /// The calling half. One thread at a time. Hold it as a local variable. Its end of life is told to the responder.
    @frozen
    public struct Caller: ~Copyable, Sendable {
        @usableFromInline let words: CallWords<Memory>
        /// Requests made and replies taken. Modulo 2^64.
        @usableFromInline var asked: UInt64
        @usableFromInline var taken: UInt64

        @inlinable
        init(_ words: CallWords<Memory>, _ start: UInt64) {
            self.words = words
            asked = start
            taken = start
        }

        @inlinable
        deinit { words.close(CallWords<Memory>.callerGone) }

        /// True between a request and its reply.
        @inlinable public var isWaiting: Bool { asked != taken }

        /// True once the responder is gone: a request that it has not answered stays unanswered. One load.
        @inlinable public var isResponderGone: Bool { words.isGone(CallWords<Memory>.responderGone) }

        /// Makes a request. False while the reply to the last one was not taken. O(1), wait-free.
        @inlinable @inline(__always)
        public mutating func send(_ request: Request) -> Bool {
            guard !isWaiting else { return false }
            asked &+= 1
            words.put(request, behind: words.asked, count: asked)
            return true
        }

        /// The reply to the last request, once; nil while there is none. O(1), wait-free.
        @inlinable @inline(__always)
        public mutating func poll() -> Reply? {
            guard isWaiting, let reply: Reply = words.take(behind: words.answered, count: asked) else { return nil }
            taken = asked
            return reply
        }

        /// Makes a request and spins until the reply is there; nil where the responder is gone without one.
        ///
        /// It never sleeps and never gives its processor up: for responders that are awake, on a processor of their own.
        ///
        /// - Precondition: not between a request and its reply.
        @inlinable
        public mutating func call(_ request: Request) -> Reply? {
            precondition(send(request), "a call before the reply to the last one was taken")
            while true {
                // Looking at `closed` costs a line: not at each turn.
                for _ in 0..<1024 {
                    if let reply = poll() { return reply }
                    Memory.pause()
                }
                // The reply may have come between the last look and the end of the responder.
                if isResponderGone { return poll() }
            }
        }
    }

    /// The answering half. One thread at a time. Hold it as a local variable. Its end of life is told to the caller.
    @frozen
    public struct Responder: ~Copyable, Sendable {
        @usableFromInline let words: CallWords<Memory>
        /// Requests taken and replies given. Modulo 2^64.
        @usableFromInline var taken: UInt64
        @usableFromInline var answered: UInt64

        @inlinable
        init(_ words: CallWords<Memory>, _ start: UInt64) {
            self.words = words
            taken = start
            answered = start
        }

        @inlinable
        deinit { words.close(CallWords<Memory>.responderGone) }

        /// True between a request that was taken and its reply.
        @inlinable public var owesReply: Bool { taken != answered }

        /// True once the caller is gone. A request that it made before can still be taken. One load.
        @inlinable public var isCallerGone: Bool { words.isGone(CallWords<Memory>.callerGone) }

        /// The next request, once; nil while there is none, and while the last one was not answered. O(1), wait-free.
        @inlinable @inline(__always)
        public mutating func poll() -> Request? {
            guard !owesReply, let request: Request = words.take(behind: words.asked, count: taken &+ 1) else {
                return nil
            }
            taken &+= 1
            return request
        }

        /// Answers the request that was taken last. O(1), wait-free.
        ///
        /// - Precondition: it was not answered yet.
        @inlinable @inline(__always)
        public mutating func reply(_ reply: Reply) {
            precondition(owesReply, "a reply to no request")
            answered &+= 1
            words.put(reply, behind: words.answered, count: answered)
        }
    }
}
