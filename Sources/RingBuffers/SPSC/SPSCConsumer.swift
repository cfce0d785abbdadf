public import MemoryAccess

extension GenericSPSCRing where Element: ~Copyable {
    /// The reading half of a slot ring. One thread at a time may use it.
    ///
    /// Hold it as a local variable, as the ``Producer``. Its end of life tells the producer (`isConsumerGone`); elements
    /// that were not popped are destroyed when the producer has gone too.
    @frozen
    public struct Consumer: ~Copyable {
        @usableFromInline let control: SPSCControl<Memory>
        @usableFromInline let mask: UInt64

        /// Index of the next slot to read. Modulo 2^64.
        @usableFromInline var head: UInt64

        /// Where the fast path ends. In `head ... tail`, modulo 2^64.
        @usableFromInline var limit: UInt64

        @inlinable
        init(control: SPSCControl<Memory>, mask: UInt64, start: UInt64) {
            self.control = control
            self.mask = mask
            head = start
            limit = start
            control.tail = start
            control.pace = ConsumerPace(
                eviction: Memory.eviction(ringByteCount: (Int(mask) + 1) &* MemoryLayout<Element>.stride))
        }

        @inlinable
        deinit {
            // The close releases it.
            Memory.storeRelaxed(head, to: control.released)
            GenericSPSCRing.close(control, half: SPSCControl<Memory>.consumerGone, mask: mask)
        }
    }
}

extension GenericSPSCRing.Consumer where Element: ~Copyable {
    /// The number of slots.
    @inlinable public var capacity: Int { Int(truncatingIfNeeded: mask) + 1 }

    /// True once the producer is gone and every element was popped: no other will come.
    @inlinable public var isFinished: Bool {
        // The producer's close releases its last `fine`: read after it.
        Memory.loadAcquire(control.closed) & SPSCControl<Memory>.producerGone != 0
            && Memory.loadRelaxed(control.fine) == head
    }

    /// The oldest element, or nil when the ring is empty. Wait-free: a consumer that streams may pause, most often for
    /// less than a microsecond and never for more than ten, before it looks again, which is what makes streaming fast.
    @inlinable @inline(__always)
    public mutating func pop() -> Element? {
        if _slowPath(head == limit) {
            var pace = control.pace
            if SPSCGeometry<Element>.usesMail && head == tail && !pace.isStreaming {
                // Acquires the slots below (invariant 1).
                let seen = Memory.loadAcquire(control.fine)
                if seen == head {
                    giveBack()
                    pace.lookFailed()
                    control.pace = pace
                    return nil
                }
                // The slow path gives back what single elements alone would let pile up (invariant 6).
                if seen &- head == 1 && head &- released < SPSCGeometry<Element>.releaseStep(mask: mask) {
                    let wantedMail = pace.wantsMail
                    pace.lookFoundSingle()
                    control.pace = pace
                    if pace.wantsMail != wantedMail {
                        Memory.storeRelaxed(wantedMail ? 0 : 1, to: control.wantsMail)
                    }
                    control.tail = seen
                    limit = seen
                    return takeSingle(seen: seen)
                }
            }
            refill()
            if head == limit { return nil }
        }
        return take()
    }

    /// Gives all slots that were read back to the producer now, instead of in groups of an eighth of the capacity.
    @inlinable @inline(__always)
    public mutating func giveBack() {
        guard released != head else { return }
        // Releases our reads of the slots below to the producer's load of `released` (invariant 3).
        Memory.storeRelease(head, to: control.released)
    }

    @inlinable @inline(__always)
    mutating func refill() { limit = SPSCRefill.nextLimit(Element.self, control, head: head, mask: mask) }

    /// One past the last slot known to be written. Modulo 2^64.
    @inlinable @inline(__always) var tail: UInt64 { control.tail }

    /// The shared `released`, which only this half stores; at most capacity / 8 behind `head`. Modulo 2^64.
    @inlinable @inline(__always) var released: UInt64 { Memory.loadRelaxed(control.released) }

    @inlinable @inline(__always)
    mutating func take() -> Element {
        // SAFETY: head != limit, so this slot holds an element that only this half may touch (invariant 1).
        let slot = slots + Int(truncatingIfNeeded: head & mask)
        head &+= 1
        Memory.willRead(slot, byteCount: MemoryLayout<Element>.stride)
        return slot.move()
    }

    /// Takes element `head`, the only one there was when `fine` said `seen`: from the mail, if it came that way too.
    @inlinable @inline(__always)
    mutating func takeSingle(seen: UInt64) -> Element {
        // Stored before the `fine` that was acquired.
        guard Memory.loadRelaxed(control.mailTail) == seen else { return take() }
        var bits = Memory.loadAcquire(control.mail(head))
        // Unmoved, `fine` says that the mail is still that of `head` (invariant 4).
        guard Memory.loadRelaxed(control.fine) == seen else { return take() }
        head &+= 1
        return withUnsafeMutablePointer(to: &bits) {
            // SAFETY: only for plain elements of 8 bytes, whose bits these are.
            UnsafeMutableRawPointer($0).assumingMemoryBound(to: Element.self).move()
        }
    }

    @inlinable @inline(__always)
    var slots: UnsafeMutablePointer<Element> { control.slots.assumingMemoryBound(to: Element.self) }
}

extension GenericSPSCRing.Consumer: @unchecked Sendable where Element: ~Copyable & Sendable {}
