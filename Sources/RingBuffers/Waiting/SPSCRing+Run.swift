public import Synchronization

extension GenericSPSCRing where Element: ~Copyable & Sendable {
    /// Runs `producing` on a new thread and `consuming` on the calling one, each with its half as a local variable, and
    /// returns both results when both ended.
    ///
    ///     let (_, sum) = SPSCRing<UInt64>(minimumCapacity: 1024).run { producer in
    ///         for element in 1...1000 { while !producer.push(UInt64(element)) {} }
    ///     } consuming: { consumer in
    ///         var sum: UInt64 = 0
    ///         while !consumer.isFinished { while let element = consumer.pop() { sum += element } }
    ///         return sum
    ///     }
    ///
    /// A half ends with its body, and so tells the other that it is gone. Blocks the calling thread: not for an
    /// asynchronous function.
    @inlinable
    public consuming func run<Produced: Sendable, Consumed>(
        producing: @Sendable (inout Producer) -> Produced, consuming: (inout Consumer) -> Consumed
    ) -> (Produced, Consumed) {
        let producer = Handoff(self.producer)
        let consumer = Handoff(self.consumer)
        let produced = Mutex<Produced?>(nil)
        var consumed: Consumed?
        onTwoThreads {
            var producer = producer.take()
            let result = producing(&producer)
            produced.withLock { $0 = result }
        } _: {
            var consumer = consumer.take()
            consumed = consuming(&consumer)
        }
        return (produced.withLock { $0! }, consumed!)
    }
}
