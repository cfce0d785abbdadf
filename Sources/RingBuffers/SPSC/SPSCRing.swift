/// A single-producer single-consumer ring of fixed-size slots on this machine's memory.
public typealias SPSCRing<Element: ~Copyable> = GenericSPSCRing<Element, NativeMemory>

@frozen
public struct GenericSPSCRing<Element: ~Copyable, Memory: MemoryModel>: ~Copyable {
    public var producer: Producer
    public var consumer: Consumer

    @inlinable
    public init(minimumCapacity: Int) {
        self.init(minimumCapacity: minimumCapacity, startingAt: 0)
    }

    @inlinable
    package init(minimumCapacity: Int, startingAt start: UInt64) {
        precondition(minimumCapacity > 0)
        let capacity = Self.roundedCapacity(minimumCapacity)
        let bytes = SPSCControl<Memory>.headerByteCount + capacity * MemoryLayout<Element>.stride
        let base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 128)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        let control = SPSCControl<Memory>(base: base)
        control.initialize(startingAt: start)
        producer = Producer(control: control, mask: UInt64(capacity - 1), start: start)
        consumer = Consumer(control: control, mask: UInt64(capacity - 1), start: start)
    }
}

extension GenericSPSCRing where Element: ~Copyable {
    @inlinable
    static func roundedCapacity(_ minimum: Int) -> Int {
        var c = 8
        while c < minimum { c *= 2 }
        return c
    }

    @inlinable @inline(__always)
    static var usesMail: Bool { _isPOD(Element.self) && MemoryLayout<Element>.size == 8 }

    @inlinable @inline(__always)
    static var lineStep: UInt64 {
        let stride = MemoryLayout<Element>.stride
        return stride <= 8 ? 8 : stride <= 16 ? 4 : stride <= 32 ? 2 : 1
    }
    @inlinable @inline(__always)
    static var prefetchDistance: UInt64 { lineStep &* 16 }

    @inlinable @inline(__always)
    static func coarseStep(_ mask: UInt64) -> UInt64 {
        let stride = MemoryLayout<Element>.stride
        let step: UInt64 = stride <= 32 ? lineStep &* 16 : 64
        return min(step, (mask &+ 1) / 8)
    }

    @inlinable
    static func close(_ control: SPSCControl<Memory>, _ me: UInt64, mask: UInt64) {
        let before = Memory.fetchOr(me, to: control.closed)
        guard before != 0 else { return }
        var index = Memory.loadRelaxed(control.released)
        let end = Memory.loadRelaxed(control.fine)
        while index != end {
            (control.slots.assumingMemoryBound(to: Element.self) + Int(index & mask)).deinitialize(count: 1)
            index &+= 1
        }
        control.base.deallocate()
    }
}
