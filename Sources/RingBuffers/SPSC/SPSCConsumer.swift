@frozen
public struct SPSCPace {
    @usableFromInline var delay: UInt32 = 0
    @usableFromInline var successes: UInt32 = 0
    @usableFromInline var isStreaming = false
    @inlinable init() {}
}

@frozen
public struct SPSCRefill {
    @usableFromInline var tail: UInt64
    @usableFromInline var limit: UInt64
    @usableFromInline var released: UInt64
    @usableFromInline var pace: SPSCPace
    @usableFromInline var hasMail: Bool
    @usableFromInline var mail: UInt64
    @inlinable init(tail: UInt64, limit: UInt64, released: UInt64, pace: SPSCPace, hasMail: Bool, mail: UInt64) {
        self.tail = tail
        self.limit = limit
        self.released = released
        self.pace = pace
        self.hasMail = hasMail
        self.mail = mail
    }
}

extension GenericSPSCRing where Element: ~Copyable {
    @frozen
    public struct Consumer: ~Copyable, @unchecked Sendable {
        @usableFromInline let control: SPSCControl<Memory>
        @usableFromInline let mask: UInt64
        @usableFromInline var head: UInt64
        @usableFromInline var limit: UInt64
        @usableFromInline var tail: UInt64
        @usableFromInline var released: UInt64
        @usableFromInline var pace: SPSCPace

        @inlinable
        init(control: SPSCControl<Memory>, mask: UInt64, start: UInt64) {
            self.control = control
            self.mask = mask
            head = start
            limit = start
            tail = start
            released = start
            pace = SPSCPace()
        }

        @inlinable
        deinit {
            Memory.storeRelease(head, to: control.released)
            GenericSPSCRing.close(control, SPSCControl<Memory>.consumerGone, mask: mask)
        }
    }
}

extension GenericSPSCRing.Consumer where Element: ~Copyable {
    @inlinable @inline(never)
    static func refill(
        _ control: SPSCControl<Memory>, head: UInt64, tail: UInt64, released: UInt64, mask: UInt64, pace: SPSCPace,
        takesMail: Bool
    ) -> SPSCRefill {
        var next = SPSCRefill(
            tail: tail, limit: head, released: released, pace: pace, hasMail: false, mail: 0)
        let releaseStep = (mask &+ 1) / 8
        if head &- released >= releaseStep {
            Memory.storeRelease(head, to: control.released)
            next.released = head
        }
        if head == tail {
            let coarseStep = GenericSPSCRing.coarseStep(mask)
            if pace.isStreaming {
                var i: UInt32 = 0
                while i < next.pace.delay { Memory.pause(); i += 1 }
                var poll = 0
                while poll < 32 {
                    let t = Memory.loadAcquire(control.coarse)
                    if Int64(bitPattern: t &- head) > 0 {
                        let gain = t &- head
                        if gain < coarseStep &* 2 {
                            next.pace.delay = min(max(next.pace.delay &* 2, 1), 32)
                        } else {
                            next.pace.delay /= 2
                        }
                        next.tail = t
                        break
                    }
                    poll += 1
                }
                if next.tail == head { next.pace.isStreaming = false; next.pace.successes = 0 }
            }
            if next.tail == head {
                let t = Memory.loadAcquire(control.fine)
                if t == head {
                    if next.released != head {
                        Memory.storeRelease(head, to: control.released)
                        next.released = head
                    }
                    next.pace.successes = 0
                    next.limit = head
                    return next
                }
                next.tail = t
                let gain = t &- head
                if GenericSPSCRing.usesMail && takesMail && gain == 1 {
                    let bits = Memory.loadAcquire(control.mail(head))
                    if Memory.loadRelaxed(control.fine) == t {
                        next.hasMail = true
                        next.mail = bits
                    }
                }
                next.pace.successes &+= 1
                if gain &* UInt64(MemoryLayout<Element>.stride) >= 128 || next.pace.successes >= 4 {
                    next.pace.isStreaming = true
                    next.pace.delay = 1
                }
            }
        }
        let step = next.released &+ releaseStep
        next.limit = next.tail &- head < step &- head ? next.tail : step
        return next
    }

    @inlinable @inline(__always)
    func slot(_ index: UInt64) -> UnsafeMutablePointer<Element> {
        control.slots.assumingMemoryBound(to: Element.self) + Int(index & mask)
    }

    @inlinable @inline(__always)
    public mutating func pop() -> Element? {
        if head == limit {
            let next = Self.refill(
                control, head: head, tail: tail, released: released, mask: mask, pace: pace, takesMail: true)
            tail = next.tail
            limit = next.limit
            released = next.released
            pace = next.pace
            if GenericSPSCRing.usesMail && next.hasMail {
                head &+= 1
                var bits = next.mail
                return withUnsafeMutablePointer(to: &bits) {
                    UnsafeMutableRawPointer($0).assumingMemoryBound(to: Element.self).move()
                }
            }
            if head == limit { return nil }
        }
        let slot = slot(head)
        head &+= 1
        Memory.willRead(slot, byteCount: MemoryLayout<Element>.stride)
        return slot.move()
    }
}
