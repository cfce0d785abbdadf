import Synchronization

/// A box that carries one value to another thread, once.
///
/// An escaping closure cannot consume a noncopyable value that it captures, so a half of a ring does not get into a
/// thread's closure by itself. It gets there in a box, and becomes a local variable, where it is fast:
///
///     let ring = SPSCRing<UInt64>(minimumCapacity: 1 << 16)
///     let consumer = Handoff(ring.consumer)
///     Thread.detachNewThread {                     // the consumer thread
///         var consumer = consumer.take()
///         while !consumer.isFinished {
///             while let element = consumer.pop() { print(element) }
///         }
///     }
///     var producer = ring.producer                 // this thread is the producer
///     for element in 0..<1000 { while !producer.push(UInt64(element)) {} }
///
/// A value that nobody took is destroyed with the box.
public final class Handoff<Value: ~Copyable & Sendable>: Sendable {
    private let slot: Mutex<Value?>

    /// Puts `value` into a new box.
    public init(_ value: consuming Value) { slot = Mutex(value) }

    /// Takes the value out. Any thread may call it, once. O(1).
    ///
    /// - Precondition: nobody has taken the value before.
    public func take() -> Value {
        let value = slot.withLock { (slot: inout sending Value?) -> sending Value? in
            let value = slot.take()
            return value
        }
        guard let value else { preconditionFailure("the value of this Handoff was already taken") }
        return value
    }
}
