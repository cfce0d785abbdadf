public import Synchronization

extension GenericSPSCChannel where Element: ~Copyable & Sendable {
    /// Runs `sending` on a new thread and `receiving` on the calling one, each with its half as a local variable, and
    /// returns both results when both ended. The example at ``SPSCChannel`` uses it.
    ///
    /// A half ends with its body, and so tells the other that it is gone. Blocks the calling thread: not for an
    /// asynchronous function.
    @inlinable
    public consuming func run<Sent: Sendable, Received>(
        sending: @Sendable (inout Sender) -> Sent, receiving: (inout Receiver) -> Received
    ) -> (Sent, Received) {
        let sender = Handoff(self.sender)
        let receiver = Handoff(self.receiver)
        let sent = Mutex<Sent?>(nil)
        var received: Received?
        onTwoThreads {
            var sender = sender.take()
            let result = sending(&sender)
            sent.withLock { $0 = result }
        } _: {
            var receiver = receiver.take()
            received = receiving(&receiver)
        }
        return (sent.withLock { $0! }, received!)
    }
}
