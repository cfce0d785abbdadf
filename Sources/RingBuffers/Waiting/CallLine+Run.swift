public import Synchronization

extension GenericCallLine {
    /// Runs `responding` on a new thread and `calling` on the calling one, each with its half as a local variable, and
    /// returns both results when both ended.
    ///
    ///     let (_, sum) = CallLine<UInt64, UInt64>().run { responder in
    ///         while !responder.isCallerGone {
    ///             if let request = responder.poll() { responder.reply(request * request) }
    ///         }
    ///     } calling: { caller in
    ///         (1...100).reduce(0 as UInt64) { $0 + caller.call($1)! }
    ///     }
    ///
    /// A half ends with its body, and so tells the other that it is gone. Blocks the calling thread: not for an
    /// asynchronous function.
    @inlinable
    public consuming func run<Responded: Sendable, Called>(
        responding: @Sendable (inout Responder) -> Responded, calling: (inout Caller) -> Called
    ) -> (Responded, Called) {
        let responder = Handoff(self.responder)
        let caller = Handoff(self.caller)
        let responded = Mutex<Responded?>(nil)
        var called: Called?
        onTwoThreads {
            var responder = responder.take()
            let result = responding(&responder)
            responded.withLock { $0 = result }
        } _: {
            var caller = caller.take()
            called = calling(&caller)
        }
        return (responded.withLock { $0! }, called!)
    }
}
