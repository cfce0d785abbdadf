public import MemoryAccess

/// A slot ring whose two halves can wait: the sender for room, the receiver for an element.
///
///     let (_, sum) = SPSCChannel<Int>(minimumCapacity: 1024).run { sender in  // on a thread of its own
///         for value in 1...1_000_000 { if sender.send(value) != nil { break } }
///     } receiving: { receiver in
///         var sum = 0
///         while let value = receiver.receive() { sum += value }  // nil: the sender has gone, and all is received
///         return sum
///     }
///
/// While nobody waits, a hand-over costs what it costs in an ``SPSCRing``, plus a few loads and a store that stay in the
/// cache of their core.
/// A half that finds nothing to do spins for a few microseconds and then sleeps in the system, or, in an asynchronous
/// function, suspends its task.
public typealias SPSCChannel<Element: ~Copyable> = GenericSPSCChannel<Element, NativeMemory>

// Layout
//   The ring, as it is, and three words beside it (ChannelStorage.swift): a bell for each half, by which it waits and by
//   which the other half wakes it, and `taken`, the receiver's exact progress.
//
//   A bell says     0  its owner is not waiting        1  its owner's thread sleeps, or is about to
//                   4  its owner is gone, for good     2  its owner's task is suspended; its continuation lies beside
//
// Waiting
//   waiting half                                      working half
//   w1  own bell = 1 (or continuation, bell = 2)      s1  progress = ... (`fine` or `taken`; release)
//   w2  HEAVY fence                                   s2  LIGHT fence
//   w3  read the other's progress and bell            s3  read the waiter's bell; not 0: wake it
//   w4  nothing new: sleep while the bell says 1
//
// Why no wake-up is lost
//   Each side stores its own word and then reads the other's (Dekker). A processor may let the read overtake the store,
//   in which case both read the old value: the waiter sleeps, and nobody knows. The fences forbid just this. The heavy
//   fence runs on the waiter and, through membarrier, interrupts each processor that runs another thread of the process;
//   what those have done by then is visible to w3, and what they do after it sees w1. So:
//     - if the working half was interrupted before s1, its s3 comes after w1 and finds the bell set;
//     - if after s2, its s1 came before w3, and the waiter finds the progress;
//     - the compiler may not move s3 above s1, so there is no other case: in between, both see each other.
//   Where there is no membarrier, both fences are sequentially consistent, and the classical argument holds.
//
// Invariants
//   1. Every change that a half may wait for (an element pushed, an element taken, a half gone) is followed by a fence and
//      a look at that half's bell. Otherwise, the waiter sleeps on.
//   2. Between setting its bell and sleeping, a half makes a heavy fence and looks again at all that it waits for.
//      Otherwise, it sleeps through what happened just before its bell was set.
//   3. `taken` is stored (release) after each element that was received singly, and at least per eighth of the capacity
//      in a drain. The ring's own `released` lags by up to an eighth, and its receiver may never call again: a sender that
//      trusted it would sleep beside free slots. The sender spins on `released` (a line that moves once per eighth), and
//      reads `taken` (acquire) only before it sleeps; so its line stays with the receiver.
//   4. A sender that saw `taken` may write the slots below it: they were read before that store. Its bound then exceeds
//      `released` + capacity, and must not go back to it. Otherwise, the bound falls behind its head, which looks like a
//      ring with endless room.
//   5. A bell leaves 1 or 2 by compare-and-exchange, and only who did it wakes the owner; the owner itself may put 1 back
//      to 0 by a plain store. Otherwise, a continuation is resumed twice, or a later one is lost. There are three who
//      may take a 2: the other half, the handler of a cancellation, and the owner, when it looks again and finds something.
//   6. A continuation is written before its bell says 2 (release) and read after the exchange (acquire).
//   7. To be woken means to look again, and nothing else: every waiter loops. So a wake that comes late, meant for an
//      earlier sleep, is harmless.
//   8. A half that goes sets its bell to 4 (release, after its last progress) before it closes the ring; the other reads
//      the bell (acquire) before the progress. Otherwise, the receiver reports the end beside unread elements.
//   9. The words outlive both halves and every handler of a cancellation: each holds the storage.
//
// Both halves never sleep at once: by 1 to 3, the sender sleeps only on a ring that is full, the receiver only on one that
// is empty.
@frozen
public struct GenericSPSCChannel<Element: ~Copyable, Memory: MemoryModel>: ~Copyable {
    /// The half that sends: move it to its thread or task.
    public var sender: Sender

    /// The half that receives: move it to its thread or task.
    public var receiver: Receiver

    /// Makes a channel for at least `minimumCapacity` unreceived elements: rounded up to a power of two, 8 or more.
    ///
    /// The first channel of a process registers it for expedited memory barriers, which takes milliseconds where several
    /// threads run already.
    ///
    /// - Precondition: `minimumCapacity` is positive, and the slots fit the address space.
    @inlinable
    public init(minimumCapacity: Int) {
        self.init(minimumCapacity: minimumCapacity, startingAt: 0)
    }

    /// A channel whose first index is `start`: tests seed it near 2^64.
    @inlinable
    package init(minimumCapacity: Int, startingAt start: UInt64) {
        Memory.prepareFences()
        let ring = GenericSPSCRing<Element, Memory>(minimumCapacity: minimumCapacity, startingAt: start)
        let storage = ChannelStorage<Memory>(startingAt: start)
        sender = Sender(producer: ring.producer, storage: storage)
        receiver = Receiver(consumer: ring.consumer, storage: storage)
    }
}
